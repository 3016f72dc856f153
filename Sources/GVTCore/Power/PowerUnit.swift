// Power wells, clocks and the firmware's mailbox: all that a driver asks for and expects to be granted at once.

/// A register that ``PowerUnit`` answers.
package enum PowerRegister: Hashable, Sendable {
  /// PWR_WELL_CTL1 to 4: odd bits ask, the even bit below answers.
  case powerWell
}

/// Grants what a driver asks of power wells, PLLs and firmware.
package struct PowerUnit: Sendable {
  package init() {}

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: PowerRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    switch register {
    case .powerWell:
      return []
    }
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: PowerRegister, in registers: RegisterFile) -> UInt32? {
    switch register {
    case .powerWell: return nil
    }
  }
}
