// Numbers and texts as the bytes of a snapshot's section: little-endian, nothing aligned, counts before contents.

/// Collects a section's bytes.
package struct SnapshotWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func put(_ value: UInt8) { bytes.append(value) }
  package mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }
  package mutating func put(_ value: UInt16) { put(UInt64(value), byteCount: 2) }
  package mutating func put(_ value: UInt32) { put(UInt64(value), byteCount: 4) }
  package mutating func put(_ value: UInt64) { put(value, byteCount: 8) }
  package mutating func put(_ value: Int64) { put(UInt64(bitPattern: value), byteCount: 8) }
  package mutating func put(_ value: Int) { put(Int64(value)) }

  /// How many of something follow.
  package mutating func put(count: Int) { put(UInt32(clamping: count)) }

  package mutating func put(_ bytes: [UInt8]) {
    put(count: bytes.count)
    self.bytes += bytes
  }

  package mutating func put(_ text: String) { put(Array(text.utf8)) }

  /// Bytes whose count the reader knows.
  package mutating func append(_ bytes: [UInt8]) { self.bytes += bytes }

  private mutating func put(_ value: UInt64, byteCount: Int) {
    for index in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}
