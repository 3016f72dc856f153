// What the pipes have armed, and where each is in its frame.

extension PipeUnit {
  /// A pipe at one moment. Instants mean nothing elsewhere, so time is kept as the count of frames and the place in one.
  package struct State: Equatable, Sendable {
    var planes: [PlaneRegisters]
    var cursor: CursorRegisters
    /// The frame counter.
    var frameCount: Int64
    /// Of a pipe that is on: its timings, and the nanoseconds since its frame began.
    var frame: Frame?
    var pendingFlips: PipeInterrupts

    struct Frame: Equatable, Sendable {
      var timings: DisplayTimings
      var age: Int64
    }
  }

  /// All pipes, in order.
  package struct States: SnapshotState, Equatable {
    package static let section = SnapshotSection.pipes
    package static let version: UInt16 = 1

    let pipes: [State]

    init(_ pipes: [State]) { self.pipes = pipes }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      var pipes: [State] = []
      for _ in Pipe.allCases { pipes.append(try State(from: &reader)) }
      self.pipes = pipes
    }

    package func write(to writer: inout SnapshotWriter) {
      for pipe in pipes { pipe.write(to: &writer) }
    }
  }
}

extension PipeUnit.State {
  /// A pipe whose vblanks until `now` have been passed.
  init(_ pipe: PipeUnit, at now: Instant) {
    planes = Pipe.planes.map { pipe[plane: $0] }
    cursor = pipe.cursor
    frameCount = pipe.frameCount(at: now)
    frame = pipe.clock.map { Frame(timings: $0.timings, age: $0.age(at: now)) }
    pendingFlips = pipe.pendingFlips
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    planes = []
    for _ in Pipe.planes { planes.append(try PlaneRegisters(from: &reader)) }
    cursor = try CursorRegisters(from: &reader)
    // A thousand years at 240 Hz.
    frameCount = Int64(try reader.int(in: 0...1 << 43, "a frame counter"))
    pendingFlips = PipeInterrupts(rawValue: try reader.uint32())
    guard try reader.flag() else { return }
    let total = try reader.int(in: 2...1 << 17, "the lines of a frame")
    let active = try reader.int(in: 1...total - 1, "the visible lines of a frame")
    let duration = try reader.int(in: 4_000_000...50_000_000, "a frame's duration in nanoseconds")
    let age = try reader.int(in: 0...duration - 1, "a frame's age in nanoseconds")
    let timings = DisplayTimings(activeLines: active, totalLines: total, frameDuration: Int64(duration))
    frame = Frame(timings: timings, age: Int64(age))
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    for plane in planes { plane.write(to: &writer) }
    cursor.write(to: &writer)
    writer.put(frameCount)
    writer.put(pendingFlips.rawValue)
    writer.put(frame != nil)
    guard let frame else { return }
    writer.put(frame.timings.totalLines)
    writer.put(frame.timings.activeLines)
    writer.put(frame.timings.frameDuration)
    writer.put(frame.age)
  }
}

extension PlaneRegisters {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    control = PlaneControl(rawValue: try reader.uint32())
    stride = try reader.uint32()
    position = PackedPair(rawValue: try reader.uint32())
    size = PlaneSize(rawValue: try reader.uint32())
    offset = PackedPair(rawValue: try reader.uint32())
    surface = try reader.uint32()
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    for word in [control.rawValue, stride, position.rawValue, size.rawValue, offset.rawValue, surface] {
      writer.put(word)
    }
  }
}

extension CursorRegisters {
  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
    control = CursorControl(rawValue: try reader.uint32())
    base = try reader.uint32()
    position = CursorPosition(rawValue: try reader.uint32())
    height = CursorHeight(rawValue: try reader.uint32())
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    for word in [control.rawValue, base, position.rawValue, height.rawValue] { writer.put(word) }
  }
}
