// The state of a pipe that is not in its registers: what is armed, and where it is in its frame.

/// A pipe's armed planes and cursor, and its vblank clock.
package struct PipeUnit: Sendable {
  package let pipe: Pipe
  package private(set) var cursor = CursorRegisters()
  private(set) var planes = Array(repeating: PlaneRegisters(), count: Pipe.planes.count)
  private(set) var clock: VblankClock?
  /// Vblanks that have been reported; while the pipe is off, the frame counter.
  private(set) var seenCount: Int64 = 0
  /// Flips that complete at the next vblank.
  private(set) var pendingFlips: PipeInterrupts = []

  /// A pipe that is off, or one that goes on at `now` where it was.
  package init(_ pipe: Pipe, restoring state: State? = nil, at now: Instant) {
    self.pipe = pipe
    guard let state else { return }
    cursor = state.cursor
    for (index, plane) in state.planes.enumerated() { planes[index] = plane }
    clock = state.frame.map { VblankClock($0.timings, at: now, age: $0.age, count: state.frameCount) }
    seenCount = state.frameCount
    pendingFlips = state.pendingFlips
  }

  /// The armed registers of a plane, counted from 1.
  package subscript(plane number: Int) -> PlaneRegisters { planes[number - 1] }

  /// Takes over a plane's registers: its surface was written. `flip` is what tells of it at the next vblank.
  package mutating func arm(plane number: Int, _ registers: PlaneRegisters, flip: PipeInterrupts) {
    planes[number - 1] = registers
    if clock != nil { pendingFlips.formUnion(flip) }
  }

  /// Takes over the cursor's registers: its base was written.
  package mutating func arm(cursor registers: CursorRegisters) { cursor = registers }

  /// Starts, stops (nil) or changes the frames. The count carries on; a pipe that is on and keeps its timings is left
  /// alone.
  package mutating func retime(_ timings: DisplayTimings?, at now: Instant) {
    guard timings != clock?.timings else { return }
    seenCount = frameCount(at: now)
    clock = timings.map { VblankClock($0, startingAt: now, count: seenCount) }
    if timings == nil { pendingFlips = [] }
  }

  package var isOn: Bool { clock != nil }

  package func frameCount(at now: Instant) -> Int64 { clock?.frameCount(at: now) ?? seenCount }

  package func scanLine(at now: Instant) -> Int { clock?.scanLine(at: now) ?? 0 }

  /// When the first vblank that was not reported yet begins.
  package var nextVblank: Instant? { clock?.vblank(reaching: seenCount + 1) }

  /// The interrupts that the next vblank will bring.
  package var nextEvents: PipeInterrupts { clock == nil ? [] : pendingFlips.union(.vblank) }

  /// The interrupts of the vblanks since the last call; several that were missed count as one.
  package mutating func passVblanks(until now: Instant) -> PipeInterrupts {
    let count = frameCount(at: now)
    guard count > seenCount else { return [] }
    seenCount = count
    defer { pendingFlips = [] }
    return nextEvents
  }
}
