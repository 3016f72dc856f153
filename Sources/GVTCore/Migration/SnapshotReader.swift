// The bytes of a snapshot's section as numbers and texts again. Whatever they are, reading ends and stays within them.

/// Reads a section from its beginning.
package struct SnapshotReader {
  package let section: SnapshotSection
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  package init(_ section: SnapshotSection, _ bytes: ArraySlice<UInt8>) {
    self.section = section
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Bytes that are left.
  package var remaining: Int { bytes.endIndex - position }

  /// To be thrown by whoever finds that a number makes no sense.
  package func invalid(_ what: String) -> SnapshotFailure { .invalid(section, what) }

  package mutating func byte() throws(SnapshotFailure) -> UInt8 { UInt8(try number(1)) }
  package mutating func uint16() throws(SnapshotFailure) -> UInt16 { UInt16(try number(2)) }
  package mutating func uint32() throws(SnapshotFailure) -> UInt32 { UInt32(try number(4)) }
  package mutating func uint64() throws(SnapshotFailure) -> UInt64 { try number(8) }
  package mutating func int64() throws(SnapshotFailure) -> Int64 { Int64(bitPattern: try number(8)) }

  package mutating func flag() throws(SnapshotFailure) -> Bool {
    let value = try byte()
    guard value < 2 else { throw invalid("\(value) is neither yes nor no") }
    return value == 1
  }

  /// A number that must lie within `range`.
  package mutating func int(in range: ClosedRange<Int>, _ what: String) throws(SnapshotFailure) -> Int {
    let value = try int64()
    guard let value = Int(exactly: value), range.contains(value) else {
      throw invalid("\(what) is \(value), not \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// How many of something follow.
  package mutating func count(atMost limit: Int, _ what: String) throws(SnapshotFailure) -> Int {
    let value = Int(try uint32())
    guard value <= limit else { throw invalid("it has \(value) \(what), more than \(limit)") }
    return value
  }

  package mutating func bytes(atMost limit: Int, _ what: String) throws(SnapshotFailure) -> [UInt8] {
    try bytes(count: try count(atMost: limit, "bytes of \(what)"))
  }

  /// So many bytes.
  package mutating func bytes(count: Int) throws(SnapshotFailure) -> [UInt8] {
    guard count <= remaining else { throw invalid("it ends too early") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  package mutating func text(atMost limit: Int, _ what: String) throws(SnapshotFailure) -> String {
    let bytes = try bytes(atMost: limit, what)
    guard bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else { throw invalid("\(what) is no plain text") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Nothing must be left.
  package func finish() throws(SnapshotFailure) {
    guard remaining == 0 else { throw invalid("\(remaining) bytes are left over") }
  }

  private mutating func number(_ byteCount: Int) throws(SnapshotFailure) -> UInt64 {
    guard byteCount <= remaining else { throw invalid("it ends too early") }
    var value: UInt64 = 0
    for index in 0..<byteCount { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += byteCount
    return value
  }
}
