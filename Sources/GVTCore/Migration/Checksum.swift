// CRC-32 as in IEEE 802.3 and zlib, to tell a damaged file from a whole one.

package enum Checksum {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
  }

  package static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let table = Self.table
    var value = UInt32.max
    for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
    return ~value
  }
}
