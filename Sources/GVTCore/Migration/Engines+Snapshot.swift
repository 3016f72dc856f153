// What the engines remember outside of registers.

extension EngineUnit {
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.engines
    package static let version: UInt16 = 2

    /// What TIMESTAMP is derived from: nanoseconds, which go on where they were.
    let age: Int64
    /// What each engine has been given and not yet done.
    let lists: [Execlists]

    init(_ engines: EngineUnit, at now: Instant) {
      age = max(0, engines.age(at: now))
      lists = engines.lists
    }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      // A hundred years.
      age = Int64(try reader.int(in: 0...3_200_000_000_000_000_000, "the engines' age in nanoseconds"))
      var lists: [Execlists] = []
      for engine in Engine.allCases { lists.append(try Execlists(engine, from: &reader)) }
      self.lists = lists
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(age)
      for list in lists { list.write(to: &writer) }
    }
  }
}

extension Execlists {
  fileprivate init(_ engine: Engine, from reader: inout SnapshotReader) throws(SnapshotFailure) {
    self.init(engine)
    for _ in 0..<(try reader.count(atMost: 3, "words of a submission")) { words.append(try reader.uint32()) }
    for _ in 0..<(try reader.count(atMost: 2, "contexts of an engine")) {
      contexts.append(ContextDescriptor(low: try reader.uint32(), high: try reader.uint32()))
    }
    lastEvent = try reader.int(in: 0...5, "an engine's event")
    if try reader.flag() { progress = try Progress(from: &reader) }
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.put(count: words.count)
    for word in words { writer.put(word) }
    writer.put(count: contexts.count)
    for context in contexts { writer.put(context.rawValue) }
    writer.put(lastEvent)
    writer.put(progress != nil)
    progress?.write(to: &writer)
  }
}

extension Progress {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    head = try reader.int(in: 0...1 << 21, "a ring's head")
    batches = []
    for _ in 0..<(try reader.count(atMost: Self.mostBatches, "batches")) {
      let address = try reader.uint64()
      let isGlobal = try reader.flag()
      let root = GuestAddress(try reader.uint64())
      batches.append(Batch(address: address, space: isGlobal ? .global : .perProcess(root: root)))
    }
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.put(head)
    writer.put(count: batches.count)
    for batch in batches {
      writer.put(batch.address)
      writer.put(batch.space == .global)
      if case .perProcess(let root) = batch.space { writer.put(root.rawValue) } else { writer.put(UInt64(0)) }
    }
  }
}
