// The output ports: DDI buffers, AUX channels, GMBUS and hot-plug, and the monitor behind the one that has one.

/// A register that ``PortUnit`` answers.
package enum PortRegister: Hashable, Sendable {
  /// DDI_BUF_CTL.
  case buffer
}

/// The output ports of a vGPU, one of which has a monitor.
package struct PortUnit: Sendable {
  package private(set) var monitor: Monitor

  package init(monitor: Monitor, restoring state: State? = nil) { self.monitor = state?.monitor ?? monitor }

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: PortRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    switch register {
    case .buffer:
      return []
    }
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: PortRegister, in registers: RegisterFile) -> UInt32? {
    switch register {
    case .buffer: return nil
    }
  }

  /// Puts another monitor on the port, as if it had been pulled out and plugged in (a long hot-plug pulse).
  package mutating func replace(_ monitor: Monitor, in registers: inout RegisterFile) -> [InterruptEvent] {
    self.monitor = monitor
    return []
  }
}
