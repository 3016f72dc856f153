// Detiling and conversion against formulas that say, pixel by pixel, where each byte is.
import GVTCore
import Testing

@testable import GVTDisplay

struct DetilerTests {
  /// The address of a byte within a surface, from the pictures in the PRM and in drm_fourcc.h.
  static func address(_ x: Int, _ y: Int, _ tiling: Tiling, stride: Int, bytesPerPixel: Int) -> Int {
    switch tiling {
    case .linear: return y * stride + x
    case .x: return (y / 8 * (stride / 512) + x / 512) * 4096 + y % 8 * 512 + x % 512
    case .y:
      return (y / 32 * (stride / 128) + x / 128) * 4096 + x % 128 / 16 * 512 + y % 32 * 16 + x % 16
    case .yf:
      // Tiles of 4x4 units in two by two groups of two by two, columns first; a unit is four blocks of four rows of 16
      // bytes: one column of them for 8-bit pixels, otherwise two by two, columns first.
      let (width, height) = bytesPerPixel == 1 ? (64, 64) : (128, 32)
      let (unitWidth, unitHeight) = (width / 4, height / 4)
      let (unitX, unitY) = (x % width / unitWidth, y % height / unitHeight)
      let unit = (unitX / 2 * 2 + unitY / 2) * 4 + unitX % 2 * 2 + unitY % 2
      let block = x % unitWidth / 16 * (unitHeight / 4) + y % unitHeight / 4
      let tile = y / height * (stride / width) + x / width
      return tile * 4096 + unit * 256 + block * 64 + y % 4 * 16 + x % 16
    }
  }

  /// The pixel as 0x00RRGGBB by the bit ranges of the format table.
  static func colour(_ value: UInt32, _ format: PixelFormat, palette: [UInt32]?) -> UInt32 {
    if format == .c8 { return (palette?[Int(value)] ?? 0) & 0xff_ffff }
    func channel(_ bits: Range<Int>) -> UInt32 {
      let raw = value >> UInt32(bits.lowerBound) & (1 << UInt32(bits.count) - 1)
      if bits.count >= 8 { return raw >> UInt32(bits.count - 8) }
      return raw << UInt32(8 - bits.count) | raw >> UInt32(2 * bits.count - 8)
    }
    return channel(format.red) << 16 | channel(format.green) << 8 | channel(format.blue)
  }

  static let cases: [(Tiling, PixelFormat)] = Tiling.allCases.flatMap { tiling in
    PixelFormat.all.filter(\.isReadable).map { (tiling, $0) }
  }

  @Test(arguments: cases)
  func `every pixel comes from the address that the formula gives`(_ tiling: Tiling, _ format: PixelFormat) throws {
    var random = Randomness(tiling.rawValue.count * 64 + Int(format.code.rawValue))
    for _ in 0..<4 {
      let size = PixelSize(width: .random(in: 1...150, using: &random), height: .random(in: 1...140, using: &random))
      let origin = PixelPoint(x: .random(in: 0...70, using: &random), y: .random(in: 0...70, using: &random))
      let unit = tiling.strideUnitBytes(bytesPerPixel: format.bytesPerPixel)
      let rowBytes = (origin.x + size.width) * format.bytesPerPixel
      var layout = SurfaceLayout(
        format: format, tiling: tiling, size: size, strideBytes: (rowBytes + unit - 1) / unit * unit + unit,
        byteOffset: .random(in: 0...9, using: &random), origin: origin)
      if format == .c8 { layout.palette = (0..<256).map { _ in .random(in: 0...(.max), using: &random) } }
      let bytes = random.bytes(layout.byteCount)
      let store = FrameStore(size: size)
      _ = try store.present([PictureLayer(buffer: .holding(bytes), layout: layout)], size: size, hint: .unknown)
      var wrong = 0
      for y in 0..<size.height {
        for x in 0..<size.width {
          let value = (0..<format.bytesPerPixel).reduce(UInt32(0)) { value, byte in
            let place = Self.address(
              (origin.x + x) * format.bytesPerPixel + byte, origin.y + y, tiling, stride: layout.strideBytes,
              bytesPerPixel: format.bytesPerPixel)
            return value | UInt32(bytes[layout.byteOffset + place]) << UInt32(8 * byte)
          }
          if store.frame[x, y] != Self.colour(value, format, palette: layout.palette) { wrong += 1 }
        }
      }
      #expect(wrong == 0, "of \(size) at \(origin.x),\(origin.y)")
      // Memory that is slow to read is fetched in another way, to the same end.
      let slow = PlaneBuffer.deviceMemory(
        try Mapping(try TemporaryFile(bytes).shared.owned.duplicate(), count: bytes.count))
      let damage = try store.present([PictureLayer(buffer: slow, layout: layout)], size: size, hint: .unknown)
      #expect(slow.isSlow && damage.isEmpty, "of \(size) at \(origin.x),\(origin.y)")
    }
  }

  @Test(arguments: [1, 2, 4, 8])
  func `a tile's pattern names each of its bytes once`(_ bytesPerPixel: Int) {
    for tiling in [Tiling.x, .y, .yf] where bytesPerPixel < 8 || tiling != .yf {
      let width = tiling.strideUnitBytes(bytesPerPixel: bytesPerPixel)
      let places = (0..<4096).map {
        Self.address($0 % width, $0 / width, tiling, stride: width, bytesPerPixel: bytesPerPixel)
      }
      #expect(Set(places).count == 4096)
    }
  }

  @Test(arguments: [
    (PixelFormat.rgb565, UInt32(0xffff), UInt32(0xff_ffff)), (.rgb565, 0x0841, 0x080808),
    (.xrgb1555, 0x7fff, 0xff_ffff),
    (.xrgb1555, 0x8421, 0x080808), (.xrgb2101010, 0xffff_ffff, 0xff_ffff), (.xrgb2101010, 0x0030_0c03, 0),
    (.xbgr2101010, 0x0000_03ff, 0xff_0000), (.abgr8888, 0xff11_2233, 0x33_2211), (.xbgr8888, 0x0000_00ff, 0xff_0000),
  ])
  func `known colours come out as they should`(_ format: PixelFormat, _ value: UInt32, _ expected: UInt32) {
    #expect(Self.colour(value, format, palette: nil) == expected)
    var result: UInt32 = 0
    unsafe withUnsafeBytes(of: value.littleEndian) { source in
      unsafe withUnsafeMutableBytes(of: &result) { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe PixelConverter.convert(1, of: format, palette: nil, from: from, to: to)
      }
    }
    #expect(result & 0xff_ffff == expected)
  }

  @Test(arguments: [0, 2, 255, 256])
  func `a short palette makes the other indices black`(_ entries: Int) throws {
    let layout = SurfaceLayout(
      format: .c8, size: PixelSize(width: 256, height: 1), strideBytes: 256,
      palette: Array(repeating: 0xff_ffff, count: entries))
    let store = FrameStore(size: layout.size)
    let buffer = PlaneBuffer.holding((0..<256).map { UInt8($0) })
    _ = try store.present([PictureLayer(buffer: buffer, layout: layout)], size: layout.size, hint: .unknown)
    #expect((0..<256).allSatisfy { store.frame[$0, 0] == ($0 < entries ? 0xff_ffff : 0) })
  }
}
