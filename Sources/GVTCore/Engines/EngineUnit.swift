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
  package let behaviour: EngineBehaviour
  private let timestampKilohertz: Int64
  /// What TIMESTAMP counts from.
  private let start: Instant

  /// Engines as at power-on, or ones that go on at `now` where they were.
  package init(
    _ behaviour: EngineBehaviour, timestampKilohertz: Int64, restoring state: State? = nil, at now: Instant
  ) {
    self.behaviour = behaviour
    self.timestampKilohertz = timestampKilohertz
    start = now + -(state?.age ?? 0)
  }

  /// Nanoseconds that TIMESTAMP has counted.
  func age(at now: Instant) -> Int64 { now - start }

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: EngineRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    switch register {
    case .domainReset: reset(value, in: &registers)
    // Ready at once.
    case .resetControl: registers[offset] = (registers[offset] & 1) * 3
    // Work is swallowed, and with it the event that the driver waits for.
    case .submission, .statusPointer, .timestamp, .timestampHigh: break
    }
    return []
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: EngineRegister, at now: Instant) -> UInt32? {
    switch register {
    case .timestamp: UInt32(truncatingIfNeeded: timestamp(at: now))
    case .timestampHigh: UInt32(truncatingIfNeeded: timestamp(at: now) >> 32)
    case .domainReset, .resetControl, .submission, .statusPointer: nil
    }
  }

  /// Bit 0 resets all engines, others one each. It is over at once.
  private mutating func reset(_ domains: UInt32, in registers: inout RegisterFile) {
    registers[MMIO.domainReset] = 0
    for engine in Engine.allCases where domains & (1 | engine.resetBit) != 0 {
      registers.reset(engine.block)
    }
  }

  private func timestamp(at now: Instant) -> Int64 {
    let (milliseconds, rest) = age(at: now).quotientAndRemainder(dividingBy: 1_000_000)
    return milliseconds &* timestampKilohertz &+ rest * timestampKilohertz / 1_000_000
  }
}
