// A client's pixel format: how it asks for one and how it reads pixels in it.

/// RFC 6143 section 7.4, true colour only.
package struct PixelLayout: Sendable, Equatable {
  package var bits = 32
  package var depth = 24
  package var isBigEndian = false
  package var maxima = [255, 255, 255]
  package var shifts = [16, 8, 0]

  package static let standard = PixelLayout()
  package static let bigEndian = PixelLayout(isBigEndian: true)
  package static let reversed = PixelLayout(shifts: [0, 8, 16])
  package static let rgb565 = PixelLayout(bits: 16, depth: 16, maxima: [31, 63, 31], shifts: [11, 5, 0])
  package static let bgr233 = PixelLayout(bits: 8, depth: 8, maxima: [7, 7, 3], shifts: [0, 3, 6])

  package var message: [UInt8] {
    [UInt8(bits), UInt8(depth), isBigEndian ? 1 : 0, 1] + maxima.flatMap(bytes16) + shifts.map { UInt8($0) } + [
      0, 0, 0,
    ]
  }

  package var bytesPerPixel: Int { bits / 8 }

  /// ZRLE and Tight leave out the byte that holds nothing. Tight: only if every maximum is 255.
  package var isCompact: Bool { bits == 32 && depth <= 24 && maxima == [255, 255, 255] && shifts.max() ?? 0 <= 16 }

  package func colour(_ raw: Int) -> UInt32 {
    var result: UInt32 = 0
    for (maximum, shift) in zip(maxima, shifts) {
      let value = raw >> shift & maximum
      result = result << 8 | UInt32(maximum == 255 ? value : (value * 255 + maximum / 2) / maximum)
    }
    return result
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int {
    isBigEndian ? bytes.reduce(0) { $0 << 8 | Int($1) } : bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// One pixel of Raw, Hextile and Zlib.
  package func pixel(_ bytes: inout ByteReader) throws -> UInt32 {
    if self == .standard {
      let start = try bytes.skip(4)
      return UInt32(bytes.bytes[start + 2]) << 16 | UInt32(bytes.bytes[start + 1]) << 8 | UInt32(bytes.bytes[start])
    }
    return colour(number(try bytes.take(bytesPerPixel)))
  }

  /// CPIXEL of ZRLE, RFC 6143 section 7.7.5.
  package func compactPixel(_ bytes: inout ByteReader) throws -> UInt32 {
    guard isCompact else { return try pixel(&bytes) }
    let raw = number(try bytes.take(3))
    return colour(raw)
  }

  /// TPIXEL of Tight: red, green, blue in this order.
  package func tightPixel(_ bytes: inout ByteReader) throws -> UInt32 {
    guard isCompact else { return try pixel(&bytes) }
    let start = try bytes.skip(3)
    return UInt32(bytes.bytes[start]) << 16 | UInt32(bytes.bytes[start + 1]) << 8 | UInt32(bytes.bytes[start + 2])
  }

  package var tightPixelBytes: Int { isCompact ? 3 : bytesPerPixel }
}

/// Reads through bytes; running out is an error, not a trap.
package struct ByteReader {
  package let bytes: [UInt8]
  package private(set) var position = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var remaining: Int { bytes.count - position }

  package mutating func skip(_ count: Int) throws -> Int {
    guard remaining >= count else { throw TestFailure("the rectangle's data end early") }
    defer { position += count }
    return position
  }

  package mutating func byte() throws -> Int { Int(bytes[try skip(1)]) }

  package mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    let start = try skip(count)
    return bytes[start..<start + count]
  }
}
