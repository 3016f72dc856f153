// Turns a row of any readable format into 32-bit pixels with blue in the low byte.
import GVTCore
import Glibc

/// Conversion to the frame's form. The high byte of the result is the alpha of formats that have one and means nothing
/// otherwise: whoever keeps the pixels masks it.
enum PixelConverter {
  /// Whether a row can be used as it is.
  static func isIdentity(_ format: PixelFormat) -> Bool { format == .xrgb8888 || format == .argb8888 }

  /// Converts `count` pixels. Ten-bit channels lose their low bits; five and six bits are widened by repeating their
  /// high bits, so that white stays white.
  static func convert(
    _ count: Int, of format: PixelFormat, palette: [UInt32]?, from source: UnsafeRawPointer,
    to destination: UnsafeMutableRawPointer
  ) {
    switch format {
    case .xrgb8888, .argb8888: unsafe memcpy(destination, source, count * 4)
    case .xbgr8888, .abgr8888:
      unsafe map32(count, source, destination) { $0 & 0xff00_ff00 | $0 >> 16 & 0xff | ($0 & 0xff) << 16 }
    case .xrgb2101010:
      unsafe map32(count, source, destination) { $0 >> 6 & 0xff0000 | $0 >> 4 & 0xff00 | $0 >> 2 & 0xff }
    case .xbgr2101010:
      unsafe map32(count, source, destination) { ($0 & 0x3fc) << 14 | $0 >> 4 & 0xff00 | $0 >> 22 & 0xff }
    case .rgb565: unsafe map16(count, source, destination) { widen565($0) }
    case .xrgb1555: unsafe map16(count, source, destination) { widen1555($0) }
    case .c8: unsafe look(up: palette ?? [], count, source, destination)
    default: unsafe memset(destination, 0, count * 4)
    }
  }

  @inline(__always)
  private static func map32(
    _ count: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer,
    _ body: (UInt32) -> UInt32
  ) {
    var index = 0
    while index < count {
      let value = unsafe source.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
      unsafe destination.storeBytes(of: body(value), toByteOffset: index &* 4, as: UInt32.self)
      index &+= 1
    }
  }

  @inline(__always)
  private static func map16(
    _ count: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer,
    _ body: (UInt32) -> UInt32
  ) {
    var index = 0
    while index < count {
      let value = unsafe source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
      unsafe destination.storeBytes(of: body(UInt32(value)), toByteOffset: index &* 4, as: UInt32.self)
      index &+= 1
    }
  }

  @inline(__always)
  private static func widen565(_ value: UInt32) -> UInt32 {
    let red = value >> 11
    let green = value >> 5 & 63
    let blue = value & 31
    return (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 | blue << 3 | blue >> 2
  }

  @inline(__always)
  private static func widen1555(_ value: UInt32) -> UInt32 {
    let red = value >> 10 & 31
    let green = value >> 5 & 31
    let blue = value & 31
    return (red << 3 | red >> 2) << 16 | (green << 3 | green >> 2) << 8 | blue << 3 | blue >> 2
  }

  /// An index without an entry is black.
  private static func look(
    up palette: [UInt32], _ count: Int, _ source: UnsafeRawPointer,
    _ destination: UnsafeMutableRawPointer
  ) {
    let entries = palette.count < 256 ? palette + Array(repeating: 0, count: 256 - palette.count) : palette
    for index in 0..<count {
      let entry = entries[Int(unsafe source.load(fromByteOffset: index, as: UInt8.self))]
      unsafe destination.storeBytes(of: entry, toByteOffset: index * 4, as: UInt32.self)
    }
  }
}
