// What the GGTT maps.

extension TranslationTable {
  /// Every entry. They name guest-physical addresses, so they mean the same in another process.
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.translationTable
    package static let version: UInt16 = 1

    let entries: [UInt64]

    init(entries: [UInt64]) { self.entries = entries }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      entries = try WordRuns.read(count: TranslationTable.entryCount, from: &reader)
    }

    package func write(to writer: inout SnapshotWriter) { WordRuns.write(entries, to: &writer) }
  }
}
