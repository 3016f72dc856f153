// What a guest's registers hold.

extension RegisterFile {
  /// Every word, those that the guest cannot write included: the guest has seen them.
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.registers
    package static let version: UInt16 = 1

    let words: [UInt32]

    init(words: [UInt32]) { self.words = words }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      let words = try WordRuns.read(count: RegisterFile.byteCount / 4, upTo: UInt64(UInt32.max), from: &reader)
      self.words = words.map { UInt32(truncatingIfNeeded: $0) }
    }

    package func write(to writer: inout SnapshotWriter) { WordRuns.write(words.map(UInt64.init), to: &writer) }
  }
}
