// Messages of vfio-user as bytes (QEMU `docs/interop/vfio-user.rst`): header, numbers, commands.

/// What stands before every message.
package struct MessageHeader: Equatable, Sendable {
  package static let byteCount = 16

  package var id: UInt16
  package var command: UInt16
  /// The whole message, this header included, in bytes.
  package var size: UInt32
  package var flags: UInt32
  /// An errno, if ``Flags/error`` is set.
  package var error: UInt32

  package init(id: UInt16, command: UInt16, size: Int, flags: UInt32 = 0, error: Int32 = 0) {
    self.id = id
    self.command = command
    self.size = UInt32(clamping: size)
    self.flags = flags
    self.error = UInt32(bitPattern: error)
  }

  /// From the first 16 bytes of a message.
  package init(_ bytes: [UInt8]) {
    id = bytes.number(at: 0)
    command = bytes.number(at: 2)
    size = bytes.number(at: 4)
    flags = bytes.number(at: 8)
    error = bytes.number(at: 12)
  }

  /// Writes it over the first 16 bytes.
  package func write(to bytes: inout [UInt8]) {
    bytes.store(id, at: 0)
    bytes.store(command, at: 2)
    bytes.store(size, at: 4)
    bytes.store(flags, at: 8)
    bytes.store(error, at: 12)
  }

  package var isCommand: Bool { flags & Flags.typeMask == Flags.command }
  package var wantsReply: Bool { flags & Flags.noReply == 0 }

  package enum Flags {
    package static let typeMask: UInt32 = 0xf
    package static let command: UInt32 = 0
    package static let reply: UInt32 = 1
    package static let noReply: UInt32 = 0x10
    package static let error: UInt32 = 0x20
  }
}

/// What a client asks for. 11 and 12 are the server's own, which this one never sends.
package enum MessageCommand: UInt16, Sendable, CaseIterable {
  case version = 1
  case mapMemory = 2
  case unmapMemory = 3
  case deviceInfo = 4
  case regionInfo = 5
  case regionDescriptors = 6
  case interruptInfo = 7
  case setInterrupts = 8
  case readRegion = 9
  case writeRegion = 10
  case reset = 13
  case dirtyPages = 14
  case writeRegionMany = 15
  case feature = 16
  case readMigrationData = 17
  case writeMigrationData = 18
}

/// Why a request is answered with an error.
package struct Refusal: Error, Equatable, Sendable {
  /// An errno.
  package let code: Int32
  /// What was wrong, for the log: one of a fixed set.
  package let words: StaticString

  package init(_ code: Int32, _ words: StaticString) {
    self.code = code
    self.words = words
  }

  package static func == (a: Refusal, b: Refusal) -> Bool {
    a.code == b.code && a.words.description == b.words.description
  }
}

extension [UInt8] {
  /// The little-endian number at `offset`, which is within.
  package func number<Word: FixedWidthInteger>(_ type: Word.Type = Word.self, at offset: Int) -> Word {
    var value: Word = 0
    for index in 0..<Word.bitWidth / 8 { value |= Word(truncatingIfNeeded: self[offset + index]) << (8 * index) }
    return value
  }

  package mutating func store<Word: FixedWidthInteger>(_ value: Word, at offset: Int) {
    for index in 0..<Word.bitWidth / 8 { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  package mutating func append<Word: FixedWidthInteger>(number value: Word) {
    for index in 0..<Word.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
