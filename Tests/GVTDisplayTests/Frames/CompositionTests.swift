// Layers over layers, and the pointer over the picture.
import GVTCore
import Testing

@testable import GVTDisplay

struct CompositionTests {
  static func layer(
    _ size: PixelSize, _ pixel: UInt32, at position: PixelPoint, format: PixelFormat = .xrgb8888, isOpaque: Bool = true
  ) -> PictureLayer {
    PictureLayer(
      buffer: .holding(pixels: Array(repeating: pixel, count: size.area)),
      layout: SurfaceLayout(format: format, size: size, strideBytes: size.width * 4), position: position,
      isOpaque: isOpaque)
  }

  @Test func `planes lie where they are put, cut off at the edges, on black`() throws {
    let size = PixelSize(width: 150, height: 140)
    let store = FrameStore(size: size)
    let side = PixelSize(width: 60, height: 60)
    let layers = [
      Self.layer(side, 0xff11_1111, at: PixelPoint(x: -10, y: -20)),
      Self.layer(side, 0x0022_2222, at: PixelPoint(x: 40, y: 30)),
      Self.layer(side, 0x0033_3333, at: PixelPoint(x: 120, y: 100)),
      Self.layer(side, 0x0044_4444, at: PixelPoint(x: 500, y: -500)),
    ]
    _ = try store.present(layers, size: size, hint: .unknown)
    let rects = layers.map { PixelRect(x: $0.position.x, y: $0.position.y, width: 60, height: 60) }
    var wrong = 0
    for y in 0..<size.height {
      for x in 0..<size.width {
        let pixel = PixelRect(x: x, y: y, width: 1, height: 1)
        let top = rects.lastIndex { $0.contains(pixel) }
        if store.frame[x, y] != top.map({ UInt32($0 + 1) * 0x111111 }) ?? 0 { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(try store.present(layers, size: size, hint: .unknown).isEmpty)
  }

  @Test(arguments: [
    (UInt32(0), UInt32(0x123456), UInt32(0x123456)), (0xffab_cdef, 0x123456, 0xabcdef),
    (0x8080_0000, 0x0000ff, 0x80007f), (0x8000_0000, 0xffffff, 0x7f7f7f), (0x00ff_0000, 0x800000, 0xff0000),
  ])
  func `colours multiplied by alpha lie over what is below`(_ above: UInt32, _ below: UInt32, _ result: UInt32) throws {
    #expect(blended(above, over: below) == result)
    let size = PixelSize(width: 9, height: 2)
    let store = FrameStore(size: size)
    let base = Self.layer(size, below | 0xee00_0000, at: .zero)
    let top = Self.layer(size, above, at: .zero, format: .argb8888, isOpaque: false)
    _ = try store.present([base, top], size: size, hint: .unknown)
    #expect(store.frame[8, 1] == result)
    let opaque = Self.layer(size, above, at: .zero, format: .argb8888)
    _ = try store.present([base, opaque], size: size, hint: .unknown)
    #expect(store.frame[8, 1] == above & 0xff_ffff)
  }

  static func cursor(_ side: Int = 20) -> CursorImage {
    CursorImage(
      size: PixelSize(width: side, height: side), hotSpot: PixelPoint(x: 3, y: 4),
      pixels: (0..<side * side).map { $0 % 2 == 0 ? 0xff00_ff00 : 0 })
  }

  /// The picture with the pointer by the shortest way there is.
  static func expected(_ frame: Frame, _ cursor: CursorImage?, _ position: PixelPoint) -> [UInt32] {
    (0..<frame.size.area).map { index in
      let (x, y) = (index % frame.size.width, index / frame.size.width)
      guard let cursor else { return frame[x, y] }
      let (u, v) = (x - position.x + cursor.hotSpot.x, y - position.y + cursor.hotSpot.y)
      guard (0..<cursor.size.width).contains(u), (0..<cursor.size.height).contains(v) else { return frame[x, y] }
      return blended(cursor.pixels[v * cursor.size.width + u], over: frame[x, y])
    }
  }

  @Test func `the overlay is always the picture plus the pointer`() throws {
    var random = Randomness(11)
    var size = PixelSize(width: 150, height: 100)
    let store = FrameStore(size: size)
    let overlay = CursorOverlay(copying: store.frame)
    var seen = Self.expected(overlay.frame, nil, .zero)
    for round in 0..<60 {
      if round == 40 { size = PixelSize(width: 70, height: 130) }
      let patch = PixelSize(width: 30, height: 10)
      let corner = PixelPoint(x: .random(in: -20...140, using: &random), y: .random(in: -20...140, using: &random))
      let damage = try store.present(
        round % 3 == 0 ? [] : [Self.layer(patch, .random(in: 0...(.max), using: &random), at: corner)], size: size,
        hint: .unknown)
      let cursor = round % 5 == 4 ? nil : Self.cursor(round % 2 == 0 ? 20 : 33)
      let position = PixelPoint(x: .random(in: -40...180, using: &random), y: .random(in: -40...180, using: &random))
      let result = overlay.update(from: store.frame, damage: damage, cursor: cursor, position: position)
      let wanted = Self.expected(store.frame, cursor, position)
      let now = Self.expected(overlay.frame, nil, .zero)
      #expect(now == wanted, "round \(round)")
      #expect(result.isResize == (round == 40))
      // Whatever changed in the overlay was said to have changed.
      if !result.isResize {
        let unsaid = now.indices.filter { index in
          let (x, y) = (index % size.width, index / size.width)
          return now[index] != seen[index]
            && !(result.tiles.contains(column: x / 64, row: y / 64)
              && result.bounds.contains(PixelRect(x: x, y: y, width: 1, height: 1)))
        }
        #expect(unsaid.isEmpty, "round \(round)")
      }
      seen = now
    }
  }

  @Test func `a pointer that stays over a picture that stays is no damage`() {
    let frame = Frame(size: PixelSize(width: 100, height: 100))
    let overlay = CursorOverlay(copying: frame)
    let place = PixelPoint(x: 50, y: 50)
    let none = Damage.nothing(in: frame.size)
    #expect(!overlay.update(from: frame, damage: none, cursor: Self.cursor(), position: place).isEmpty)
    #expect(overlay.update(from: frame, damage: none, cursor: Self.cursor(), position: place).isEmpty)
    let far = PixelPoint(x: .max, y: .min)
    #expect(!overlay.update(from: frame, damage: none, cursor: Self.cursor(), position: far).isEmpty)
    #expect(overlay.frame[50, 50] == 0)
  }
}
