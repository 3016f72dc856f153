// The engines that would draw. Without a renderer the honest answer to work is none at all.

/// A register that ``EngineUnit`` answers.
package enum EngineRegister: Hashable, Sendable {
  /// GEN6_GDRST: bits ask for a reset and clear when it is done.
  case domainReset
  /// RING_RESET_CTL: an engine is asked to get ready for a reset.
  case resetControl
  /// RING_ELSP: work for an engine, in four writes.
  case submission(Engine)
  /// RING_CONTEXT_STATUS_PTR: where the engine's events go on.
  case statusPointer(Engine)
  /// RING_TIMESTAMP and its upper half.
  case timestamp
  case timestampHigh
}

/// What becomes of work that a guest gives to the engines.
package enum EngineBehaviour: String, Hashable, Sendable, CaseIterable {
  /// Nothing: the guest's driver gives up on the engines while it starts, keeps the display, and draws with the processor.
  case wedged
  /// Contexts complete without drawing anything.
  case complete
}

/// The render, blitter, video and video-enhancement engines.
package struct EngineUnit: Sendable {
  /// Commands of one submission, and of one later look at those that wait. A guest can write an endless loop: this is
  /// some milliseconds of it, then some tenths every time.
  private static let submissionBudget = 65_536
  private static let laterBudget = 4096
  private static let laterNanoseconds: Int64 = .milliseconds(10)

  package let behaviour: EngineBehaviour
  private let timestampKilohertz: Int64
  /// What TIMESTAMP counts from.
  private let start: Instant
  /// What each engine executes; nothing unless contexts complete.
  private(set) var lists: [Execlists]
  /// When contexts that wait are looked at again; nil if there are none.
  package private(set) var nextLook: Instant?

  /// Engines as at power-on, or ones that go on at `now` where they were.
  package init(
    _ behaviour: EngineBehaviour, timestampKilohertz: Int64, restoring state: State? = nil, at now: Instant
  ) {
    self.behaviour = behaviour
    self.timestampKilohertz = timestampKilohertz
    start = now + -(state?.age ?? 0)
    lists = state?.lists ?? Engine.allCases.map(Execlists.init)
    nextLook = lists.contains(where: \.isPaused) ? now : nil
  }

  /// Nanoseconds that TIMESTAMP has counted.
  func age(at now: Instant) -> Int64 { now - start }

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  mutating func write(
    _ value: UInt32, to register: EngineRegister, at offset: Int, in registers: inout RegisterFile,
    memory: EngineMemory, now: Instant
  ) -> [InterruptEvent] {
    switch register {
    case .domainReset: reset(value, in: &registers)
    // Ready at once.
    case .resetControl: registers[offset] = (registers[offset] & 1) * 3
    case .submission(let engine):
      // Otherwise work is swallowed, and with it the event that the driver waits for.
      guard behaviour == .complete else { return [] }
      var run = EngineRun(memory: memory, timestamp: timestamp(at: now), budget: Self.submissionBudget)
      lists[engine.index].submit(value, &run, in: &registers)
      // It may be what another engine waits for.
      resumeLists(&run, in: &registers, now)
      return run.events
    case .statusPointer(let engine): lists[engine.index].setPointer(registers[offset])
    case .timestamp, .timestampHigh: break
    }
    return []
  }

  /// Looks again at what waits, if it is time to.
  mutating func advance(
    to now: Instant, in registers: inout RegisterFile, memory: EngineMemory
  ) -> [InterruptEvent] {
    guard let nextLook, now >= nextLook else { return [] }
    var run = EngineRun(memory: memory, timestamp: timestamp(at: now), budget: Self.laterBudget)
    resumeLists(&run, in: &registers, now)
    return run.events
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: EngineRegister, at now: Instant) -> UInt32? {
    switch register {
    case .timestamp: UInt32(truncatingIfNeeded: timestamp(at: now))
    case .timestampHigh: UInt32(truncatingIfNeeded: timestamp(at: now) >> 32)
    case .domainReset, .resetControl, .submission, .statusPointer: nil
    }
  }

  private mutating func resumeLists(_ run: inout EngineRun, in registers: inout RegisterFile, _ now: Instant) {
    for index in lists.indices where lists[index].isPaused { lists[index].resume(&run, in: &registers) }
    nextLook = lists.contains(where: \.isPaused) ? now + Self.laterNanoseconds : nil
  }

  /// Bit 0 resets all engines, others one each. It is over at once.
  private mutating func reset(_ domains: UInt32, in registers: inout RegisterFile) {
    registers[MMIO.domainReset] = 0
    for engine in Engine.allCases where domains & (1 | engine.resetBit) != 0 {
      registers.reset(engine.block)
      lists[engine.index] = Execlists(engine)
    }
    if !lists.contains(where: \.isPaused) { nextLook = nil }
  }

  private func timestamp(at now: Instant) -> Int64 {
    let (milliseconds, rest) = age(at: now).quotientAndRemainder(dividingBy: 1_000_000)
    return milliseconds &* timestampKilohertz &+ rest * timestampKilohertz / 1_000_000
  }
}
