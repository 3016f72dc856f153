// How a vGPU's interrupts reach the VMM: eventfds for MSI or for INTx.

/// The eventfds that a client gave. The device raises interrupts from any thread.
package final class InterruptLines: Sendable {
  /// VFIO_PCI_INTX_IRQ_INDEX and following.
  package enum Kind: Int, Sendable, CaseIterable {
    case pin = 0
    case message
    case messageX
    case error
    case request

    /// How many the device has. It never reports an error, but QEMU warns its user of a device that could not.
    package var count: Int {
      switch self {
      case .pin, .message, .error: 1
      case .messageX, .request: 0
      }
    }
  }

  private struct State {
    var pin: SharedDescriptor?
    var message: SharedDescriptor?
    /// INTx masks itself whenever it was raised, until the client unmasks it.
    var isPinMasked = false
    /// The guest can mask INTx in the command register too.
    var isPinDisabled = false
    /// A device that is stopped for migration interrupts nobody.
    var isHeld = false
    var wasRaisedWhileHeld = false

    /// The eventfd to signal, if any.
    mutating func raise() -> SharedDescriptor? {
      if isHeld {
        wasRaisedWhileHeld = true
        return nil
      }
      if let message { return message }
      guard let pin, !isPinMasked, !isPinDisabled else { return nil }
      isPinMasked = true
      return pin
    }
  }

  private let state = Locked(State())
  private let raised = Locked(0)

  package init() {}

  /// How often an eventfd was signalled, since the start.
  package var count: Int { raised.withLock { $0 } }

  /// The device's interrupt line rose.
  package func raise() {
    guard let target = state.withLock({ $0.raise() }) else { return }
    EventDescriptor.signal(target)
    raised.withLock { $0 += 1 }
  }

  /// Gives or takes away (nil) the eventfd of a kind that the device has.
  package func set(_ descriptor: SharedDescriptor?, for kind: Kind) {
    state.withLock { state in
      switch kind {
      case .pin:
        state.pin = descriptor
        state.isPinMasked = false
      case .message: state.message = descriptor
      case .messageX, .error, .request: break
      }
    }
  }

  package func setPinMasked(_ isMasked: Bool) { state.withLock { $0.isPinMasked = isMasked } }
  package func setPinDisabled(_ isDisabled: Bool) { state.withLock { $0.isPinDisabled = isDisabled } }

  /// Holds interrupts back or lets them go; one that was raised meanwhile is signalled then.
  package func setHeld(_ isHeld: Bool) {
    let isDue = state.withLock { state in
      defer { state.wasRaisedWhileHeld = false }
      state.isHeld = isHeld
      return !isHeld && state.wasRaisedWhileHeld
    }
    if isDue { raise() }
  }

  /// Forgets all eventfds, as when the client is gone.
  package func reset() { state.withLock { $0 = State() } }
}
