// What the engines remember outside of registers.

extension EngineUnit {
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.engines
    package static let version: UInt16 = 1

    /// What TIMESTAMP is derived from: nanoseconds, which go on where they were.
    let age: Int64

    init(age: Int64) { self.age = age }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      // A hundred years.
      age = Int64(try reader.int(in: 0...3_200_000_000_000_000_000, "the engines' age in nanoseconds"))
    }

    package func write(to writer: inout SnapshotWriter) { writer.put(age) }
  }
}
