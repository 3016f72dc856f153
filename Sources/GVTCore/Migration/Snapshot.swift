// The file format of a vGPU's state: a header, named sections with versions, a checksum.

/// A vGPU's state as sections of bytes.
///
///     "GVTvGPU\0"  format u32  sections u32
///     for each:  name (u32 count, ASCII)  version u16  payload (u32 count, bytes)
///     CRC-32 of all that u32
///
/// Numbers are little-endian. Guest memory is not in it: that is the VMM's to keep.
package struct Snapshot: Equatable, Sendable {
  package static let format: UInt32 = 1
  /// More than the worst guest can bring about: each word of the registers and of the GGTT different from the others.
  package static let maxBytes = 16 << 20
  private static let magic = Array("GVTvGPU\0".utf8)
  private static let maxNameBytes = 32

  private struct Part: Equatable {
    var section: SnapshotSection
    var version: UInt16
    var payload: ArraySlice<UInt8>

    static func == (a: Part, b: Part) -> Bool {
      a.section == b.section && a.version == b.version && a.payload.elementsEqual(b.payload)
    }
  }

  private var parts: [Part] = []

  package init() {}

  package var sections: [SnapshotSection] { parts.map(\.section) }

  /// Adds a part's state, or replaces the one that is there.
  package mutating func store<State: SnapshotState>(_ state: State) {
    var writer = SnapshotWriter()
    state.write(to: &writer)
    let part = Part(section: State.section, version: State.version, payload: writer.bytes[...])
    if let index = parts.firstIndex(where: { $0.section == State.section }) {
      parts[index] = part
    } else {
      parts.append(part)
    }
  }

  /// A part's state; the sentence that says what is wrong with it is thrown.
  package func load<State: SnapshotState>(_ type: State.Type = State.self) throws(SnapshotFailure) -> State {
    guard let part = parts.first(where: { $0.section == State.section }) else { throw .missing(State.section) }
    guard part.version == State.version else {
      throw .sectionVersion(State.section, found: part.version, known: State.version)
    }
    var reader = SnapshotReader(State.section, part.payload)
    let state = try State(from: &reader)
    try reader.finish()
    return state
  }

  // MARK: - The file

  /// The file's bytes. Equal states give equal bytes.
  package var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.append(Self.magic)
    writer.put(Self.format)
    writer.put(count: parts.count)
    for part in parts {
      writer.put(part.section.rawValue)
      writer.put(part.version)
      writer.put(Array(part.payload))
    }
    writer.put(Checksum.crc32(writer.bytes[...]))
    return writer.bytes
  }

  /// Takes a file apart. What the sections hold is checked when they are loaded.
  package init(_ bytes: [UInt8]) throws(SnapshotFailure) {
    guard bytes.count <= Self.maxBytes else { throw .tooLarge(bytes: bytes.count) }
    guard bytes.starts(with: Self.magic) else { throw .notASnapshot }
    var cursor = Cursor(bytes, from: Self.magic.count)
    let format = try cursor.number(4)
    guard format == UInt64(Self.format) else { throw .format(UInt32(format)) }
    guard bytes.count >= cursor.position + 8 else { throw .truncated }
    cursor.end -= 4
    let count = try cursor.number(4)
    // The checksum is looked at first, so that damage is called damage.
    var tail = Cursor(bytes, from: bytes.count - 4)
    guard try tail.number(4) == UInt64(Checksum.crc32(bytes.dropLast(4))) else { throw .checksum }
    guard count <= UInt64(SnapshotSection.allCases.count) else { throw .unknownSection("number \(count)") }
    for _ in 0..<count { parts.append(try Self.part(&cursor, after: parts)) }
    guard cursor.position == cursor.end else { throw .truncated }
  }

  private static func part(_ cursor: inout Cursor, after others: [Part]) throws(SnapshotFailure) -> Part {
    let name = try cursor.piece(atMost: maxNameBytes)
    let text = String(decoding: name.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    guard let section = SnapshotSection(rawValue: text) else { throw .unknownSection(text) }
    guard !others.contains(where: { $0.section == section }) else { throw .invalid(section, "it is there twice") }
    let version = UInt16(try cursor.number(2))
    return Part(section: section, version: version, payload: try cursor.piece(atMost: maxBytes))
  }

  /// A place in the file.
  private struct Cursor {
    let bytes: [UInt8]
    var position: Int
    var end: Int

    init(_ bytes: [UInt8], from position: Int) {
      self.bytes = bytes
      self.position = position
      end = bytes.count
    }

    mutating func number(_ byteCount: Int) throws(SnapshotFailure) -> UInt64 {
      guard byteCount <= end - position else { throw .truncated }
      defer { position += byteCount }
      return (0..<byteCount).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
    }

    mutating func piece(atMost limit: Int) throws(SnapshotFailure) -> ArraySlice<UInt8> {
      let count = try number(4)
      guard count <= UInt64(limit), Int(count) <= end - position else { throw .truncated }
      defer { position += Int(count) }
      return bytes[position..<position + Int(count)]
    }
  }
}
