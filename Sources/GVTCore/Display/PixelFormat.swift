// The one table of pixel formats. Every question about a format is a look-up here.

/// A four-character code as in `drm_fourcc.h`, written as people say it: `"XR24"`.
package struct FourCC: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The code as DRM passes it: the first character in the low byte.
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(stringLiteral text: StaticString) {
    precondition(text.utf8CodeUnitCount == 4, "a FourCC has four characters")
    self.init("\(text)")
  }

  package init(_ text: String) {
    rawValue = text.utf8.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  package var description: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (8 * $0)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// One way to lay out a pixel. Channels are bit ranges of the little-endian pixel value.
package struct PixelFormat: Hashable, Sendable {
  package let code: FourCC
  /// The name in `drm_fourcc.h` without its prefix, such as `XRGB8888`.
  package let name: String
  package let bytesPerPixel: Int
  package let red: Range<Int>
  package let green: Range<Int>
  package let blue: Range<Int>
  /// Empty when the format has none or it is ignored.
  package let alpha: Range<Int>
  /// False for formats that are known by name only, such as half floats.
  package let isReadable: Bool

  private init(
    _ code: FourCC, _ name: String, bytes: Int, red: Range<Int>, green: Range<Int>, blue: Range<Int>,
    alpha: Range<Int> = 0..<0, isReadable: Bool = true
  ) {
    self.code = code
    self.name = name
    self.bytesPerPixel = bytes
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
    self.isReadable = isReadable
  }

  package static let xrgb8888 = PixelFormat(
    "XR24", "XRGB8888", bytes: 4, red: 16..<24, green: 8..<16, blue: 0..<8)
  package static let argb8888 = PixelFormat(
    "AR24", "ARGB8888", bytes: 4, red: 16..<24, green: 8..<16, blue: 0..<8, alpha: 24..<32)
  package static let xbgr8888 = PixelFormat(
    "XB24", "XBGR8888", bytes: 4, red: 0..<8, green: 8..<16, blue: 16..<24)
  package static let abgr8888 = PixelFormat(
    "AB24", "ABGR8888", bytes: 4, red: 0..<8, green: 8..<16, blue: 16..<24, alpha: 24..<32)
  package static let xrgb2101010 = PixelFormat(
    "XR30", "XRGB2101010", bytes: 4, red: 20..<30, green: 10..<20, blue: 0..<10)
  package static let xbgr2101010 = PixelFormat(
    "XB30", "XBGR2101010", bytes: 4, red: 0..<10, green: 10..<20, blue: 20..<30)
  package static let rgb565 = PixelFormat(
    "RG16", "RGB565", bytes: 2, red: 11..<16, green: 5..<11, blue: 0..<5)
  package static let xrgb1555 = PixelFormat(
    "XR15", "XRGB1555", bytes: 2, red: 10..<15, green: 5..<10, blue: 0..<5)
  /// Eight-bit indices into a palette of 256 entries.
  package static let c8 = PixelFormat("C8  ", "C8", bytes: 1, red: 0..<8, green: 0..<8, blue: 0..<8)
  package static let xrgb16161616f = PixelFormat(
    "XR4H", "XRGB16161616F", bytes: 8, red: 32..<48, green: 16..<32, blue: 0..<16, isReadable: false)
  package static let xbgr16161616f = PixelFormat(
    "XB4H", "XBGR16161616F", bytes: 8, red: 0..<16, green: 16..<32, blue: 32..<48, isReadable: false)

  /// All rows.
  package static let all: [PixelFormat] = [
    xrgb8888, argb8888, xbgr8888, abgr8888, xrgb2101010, xbgr2101010, rgb565, xrgb1555, c8,
    xrgb16161616f, xbgr16161616f,
  ]

  /// The row for a DRM code, if we know it.
  package init?(_ code: FourCC) {
    guard let row = Self.all.first(where: { $0.code == code }) else { return nil }
    self = row
  }

  package static func == (a: PixelFormat, b: PixelFormat) -> Bool { a.code == b.code }
  package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

/// How the pixels of a surface are arranged in memory (PRM Vol 5, Memory Views: Address Tiling).
package enum Tiling: String, Hashable, Sendable, CaseIterable {
  case linear
  /// 4 KiB tiles of 8 rows by 512 bytes.
  case x
  /// 4 KiB tiles of 32 rows by 128 bytes, in columns of 16 bytes.
  case y
  /// 4 KiB tiles whose shape depends on the pixel size.
  case yf

  /// The unit of the hardware's stride field in bytes, for a pixel of `bytesPerPixel`.
  package func strideUnitBytes(bytesPerPixel: Int) -> Int {
    switch self {
    case .linear: 64
    case .x: 512
    case .y: 128
    case .yf: bytesPerPixel == 1 ? 64 : (bytesPerPixel <= 4 ? 128 : 256)
    }
  }
}
