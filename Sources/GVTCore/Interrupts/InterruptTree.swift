// The interrupt controller of Gen8 and Gen9: banks of latches under one master switch.

/// Events in one bank, as a unit reports them to the hub.
package struct InterruptEvent: Hashable, Sendable {
  package var bits: UInt32
  package var bank: InterruptBank

  package init(_ bits: UInt32, in bank: InterruptBank) {
    self.bits = bits
    self.bank = bank
  }
}

/// A register of the controller.
package enum InterruptRegister: Hashable, Sendable {
  case master
  /// ISR, IMR, IIR and IER of a bank.
  case status(InterruptBank)
  case mask(InterruptBank)
  case identity(InterruptBank)
  case enable(InterruptBank)
}

/// The bits of a pipe's bank (i915 `GEN8_PIPE_*`).
package struct PipeInterrupts: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let vblank = PipeInterrupts(rawValue: 1)
}

/// State of the controller. An event sets its IIR bit unless IMR masks it; what IER also lets through reaches the
/// master, and from there the processor if the master is enabled.
package struct InterruptTree: Sendable {
  package static let masterEnable: UInt32 = 1 << 31

  struct Bank: Equatable {
    var levels: UInt32 = 0
    var mask = UInt32.max
    var identity: UInt32 = 0
    var enable: UInt32 = 0
  }

  private(set) var master: UInt32 = 0
  private(set) var banks: [Bank]

  /// The controller as at power-on, or as it was.
  package init(restoring state: State? = nil) {
    banks = state?.banks ?? Array(repeating: Bank(), count: InterruptBank.allCases.count)
    master = state?.isMasterEnabled == true ? Self.masterEnable : 0
  }

  /// An event happened in a bank.
  package mutating func latch(_ events: UInt32, in bank: InterruptBank) {
    banks[bank.index].identity |= events & ~banks[bank.index].mask
  }

  /// What a bank's live status (ISR) shows from now on. It shows levels, such as a plug that is in; what only happens
  /// is latched and never seen there.
  package mutating func show(_ levels: UInt32, in bank: InterruptBank) { banks[bank.index].levels = levels }

  /// Whether the line to the processor is up.
  package var isPending: Bool { master & Self.masterEnable != 0 && self[.master] != Self.masterEnable }

  /// The events of a bank that would be latched and passed on.
  package func unmasked(in bank: InterruptBank) -> UInt32 {
    banks[bank.index].enable & ~banks[bank.index].mask
  }

  /// A register's contents. The master's summary and the live status are not stored, so setting them does nothing.
  package subscript(register: InterruptRegister) -> UInt32 {
    get {
      switch register {
      case .master:
        InterruptBank.allCases.reduce(master) { sum, bank in
          sum | bank.summary(of: banks[bank.index].identity & banks[bank.index].enable)
        }
      case .status(let bank): banks[bank.index].levels
      case .mask(let bank): banks[bank.index].mask
      case .identity(let bank): banks[bank.index].identity
      case .enable(let bank): banks[bank.index].enable
      }
    }
    set {
      switch register {
      case .master: master = newValue & Self.masterEnable
      case .status: break
      case .mask(let bank): banks[bank.index].mask = newValue
      case .identity(let bank): banks[bank.index].identity = newValue
      case .enable(let bank): banks[bank.index].enable = newValue
      }
    }
  }
}
