// What a capture reports as damage, and what is in the frame afterwards.
import GVTCore
import Testing

@testable import GVTDisplay

struct FrameStoreTests {
  static let size = PixelSize(width: 200, height: 150)
  static let layout = SurfaceLayout(format: .xrgb8888, size: size, strideBytes: 800)

  /// A store that shows a buffer of random colours with `high` in the fourth bytes, both equal.
  static func shown(high: UInt32 = 0) throws -> (FrameStore, PlaneBuffer, [UInt32]) {
    var random = Randomness(7)
    let pixels = (0..<size.area).map { _ in UInt32.random(in: 0...0xff_ffff, using: &random) | high << 24 }
    let buffer = PlaneBuffer.holding(pixels: pixels)
    let store = FrameStore(size: size)
    _ = try store.present([PictureLayer(buffer: buffer, layout: layout)], size: size, hint: .unknown)
    return (store, buffer, pixels)
  }

  static func present(_ buffer: PlaneBuffer, in store: FrameStore, hint: DamageHint = .unknown) throws -> Damage {
    try store.present([PictureLayer(buffer: buffer, layout: layout)], size: size, hint: hint)
  }

  @Test(arguments: [0, 0x80, 0xff] as [UInt32])
  func `an unchanged picture is no damage, whatever its fourth bytes hold`(_ high: UInt32) throws {
    let (store, buffer, pixels) = try Self.shown(high: high)
    #expect(try Self.present(buffer, in: store) == .nothing(in: Self.size))
    for index in stride(from: 0, to: Self.size.area, by: 3) {
      buffer.set(pixel: pixels[index] ^ 0x5500_0000, at: index)
    }
    #expect(try Self.present(buffer, in: store) == .nothing(in: Self.size))
    #expect((0..<Self.size.area).allSatisfy { store.frame[$0 % 200, $0 / 200] == pixels[$0] & 0xff_ffff })
  }

  @Test(arguments: [
    (0, 0, PixelRect(x: 0, y: 0, width: 8, height: 1)), (199, 149, PixelRect(x: 192, y: 149, width: 8, height: 1)),
    (64, 63, PixelRect(x: 64, y: 63, width: 8, height: 1)), (127, 100, PixelRect(x: 120, y: 100, width: 8, height: 1)),
  ])
  func `one changed pixel damages one tile and narrow bounds`(_ x: Int, _ y: Int, _ bounds: PixelRect) throws {
    let (store, buffer, pixels) = try Self.shown(high: 0xff)
    buffer.set(pixel: pixels[y * 200 + x] ^ 0x10000, at: y * 200 + x)
    let damage = try Self.present(buffer, in: store)
    #expect(damage.tiles.count == 1)
    #expect(damage.tiles.contains(column: x / 64, row: y / 64))
    #expect(damage.bounds == bounds)
    #expect(!damage.isResize)
    #expect(try Self.present(buffer, in: store).isEmpty)
  }

  @Test func `bounds span all that changed, to the row and eight pixels`() throws {
    let (store, buffer, pixels) = try Self.shown()
    for (x, y) in [(10, 20), (70, 90), (69, 5)] { buffer.set(pixel: ~pixels[y * 200 + x], at: y * 200 + x) }
    let damage = try Self.present(buffer, in: store)
    #expect(damage.tiles.count == 3)
    #expect(damage.bounds == PixelRect(x: 8, y: 5, width: 64, height: 86))
  }

  @Test func `random changes are found exactly`() throws {
    var random = Randomness(3)
    var (store, buffer, pixels) = try Self.shown(high: 0x7f)
    for round in 0..<20 {
      var expected = TileSet(size: Self.size)
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let index = Int.random(in: 0..<Self.size.area, using: &random)
        pixels[index] ^= 1 << UInt32(Int.random(in: 0..<24, using: &random))
        buffer.set(pixel: pixels[index], at: index)
        expected.insert(column: index % 200 / 64, row: index / 200 / 64)
      }
      let damage = try Self.present(buffer, in: store)
      // A bit that was flipped twice is no change.
      #expect(expected.count >= damage.tiles.count, "round \(round)")
      var rest = damage.tiles
      rest.subtract(expected)
      #expect(rest.isEmpty)
      #expect(expected.bounds.contains(damage.bounds))
      #expect((0..<Self.size.area).allSatisfy { store.frame[$0 % 200, $0 / 200] == pixels[$0] & 0xff_ffff })
    }
  }

  @Test func `a hint narrows where is looked`() throws {
    let (store, buffer, pixels) = try Self.shown()
    buffer.set(pixel: ~pixels[0], at: 0)
    buffer.set(pixel: ~pixels[199], at: 199)
    let hint = DamageHint.within([PixelRect(x: 190, y: 0, width: 500, height: 1)])
    #expect(try Self.present(buffer, in: store, hint: .within([])).isEmpty)
    #expect(try Self.present(buffer, in: store, hint: hint).bounds.x == 192)
    #expect(try Self.present(buffer, in: store).bounds.x == 0)
  }

  @Test func `a new size is a new frame and damages everything`() throws {
    let (store, buffer, _) = try Self.shown()
    let old = store.frame
    let small = PixelSize(width: 70, height: 3)
    let layer = PictureLayer(buffer: buffer, layout: Self.layout)
    let damage = try store.present([layer], size: small, hint: .within([]))
    #expect(damage == .everything(of: small, isResize: true))
    #expect(store.frame !== old)
    #expect(old.size == Self.size)
    #expect(store.frame[69, 2] == old[69, 2])
    #expect(try store.present([layer], size: small, hint: .unknown).isEmpty)
  }

  @Test(arguments: [(0, 0), (-1, 5), (16385, 1), (1, 16385), (65535, 65535), (16384, 4097), (Int.max, Int.max)])
  func `a size that cannot be is refused`(_ width: Int, _ height: Int) throws {
    let store = FrameStore(size: Self.size)
    let size = PixelSize(width: width, height: height)
    #expect(throws: BufferFailure.impossibleSize(size)) {
      _ = try store.present([], size: size, hint: .unknown)
    }
    #expect(store.frame.size == Self.size)
  }

  @Test(arguments: [
    PixelSize(width: 1, height: 1), PixelSize(width: 16384, height: 1), PixelSize(width: 1, height: 16384),
  ])
  func `a size at the edge is shown`(_ size: PixelSize) throws {
    let store = FrameStore(size: Self.size)
    #expect(try store.present([], size: size, hint: .unknown).isResize)
    #expect(store.frame.size == size)
  }

  @Test(
    arguments: [
      { $0.strideBytes = 0 }, { $0.strideBytes = .max }, { $0.byteOffset = -1 }, { $0.byteOffset = .max },
      { $0.origin.x = -1 }, { $0.origin.y = .max }, { $0.size.width = 0 }, { $0.size.height = 1 << 40 },
      { $0.tiling = .x }, { $0.tiling = .y }, { $0.strideBytes = 799 }, { $0.format = .xrgb16161616f },
      { $0.size.height = 151 }, { $0.byteOffset = 1 },
    ] as [@Sendable (inout SurfaceLayout) -> Void])
  func `an absurd layout throws and changes nothing`(_ change: @Sendable (inout SurfaceLayout) -> Void) throws {
    let (store, buffer, _) = try Self.shown()
    var layout = Self.layout
    change(&layout)
    let layer = PictureLayer(buffer: buffer, layout: layout)
    #expect(throws: BufferFailure.self) { _ = try store.present([layer], size: Self.size, hint: .unknown) }
    #expect(try Self.present(buffer, in: store).isEmpty)
  }

  @Test func `damage of a capture that failed is told with the next`() throws {
    let pixels = [UInt8](repeating: 9, count: 800 * 150)
    let file = try TemporaryFile(pixels)
    let store = FrameStore(size: Self.size)
    let buffer = try PlaneBuffer.file(try SharedFile(path: file.path).descriptor, count: pixels.count)
    _ = try Self.present(buffer, in: store)
    try file.truncate(to: 1000)
    #expect(throws: BufferFailure.lostWhileRead) { _ = try Self.present(buffer, in: store) }
    // The lower tiles went black in the failed capture, and black is what comes next: viewers still have to hear of it.
    let black = PlaneBuffer.bytes(count: pixels.count)
    #expect(try Self.present(black, in: store, hint: .within([])).tiles == .all(of: Self.size))
    #expect(try Self.present(black, in: store).isEmpty)
  }

  @Test func `a card replaces the picture and the picture the card`() throws {
    let (store, buffer, pixels) = try Self.shown()
    let card = StatusCard(title: "VM is off", detail: "Start it.")
    #expect(store.present(card).tiles == .all(of: Self.size))
    #expect(store.present(card).isEmpty)
    #expect(store.frame[3, 2] == card.pixels(size: Self.size)[2 * 200 + 3])
    #expect(try Self.present(buffer, in: store, hint: .within([])).tiles == .all(of: Self.size))
    #expect(store.frame[3, 2] == pixels[2 * 200 + 3])
  }
}
