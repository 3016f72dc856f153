// The engines that would draw. Without a renderer the honest answer to work is none at all.

/// A register that ``EngineUnit`` answers.
package enum EngineRegister: Hashable, Sendable {
  /// GDRST: bits ask for a reset and clear when it is done.
  case domainReset
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

  package init(_ behaviour: EngineBehaviour) { self.behaviour = behaviour }

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: EngineRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    switch register {
    case .domainReset:
      registers[offset] = 0
      return []
    }
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: EngineRegister, in registers: RegisterFile) -> UInt32? {
    switch register {
    case .domainReset: return nil
    }
  }
}
