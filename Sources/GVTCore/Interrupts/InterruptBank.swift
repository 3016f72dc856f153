// The banks of the interrupt controller: where each is and how it shows in the master register (i915 `i915_reg.h`).

/// A bank of up to 32 interrupts, with its own ISR, IMR, IIR and IER.
package enum InterruptBank: Hashable, Sendable, CaseIterable {
  /// GT 0: the render engine in the low half, the blitter in the high half.
  case renderAndBlitter
  /// GT 1: the video engines, the first in the low half.
  case video
  /// GT 2: power management in the low half, the GuC in the high half.
  case powerManagement
  /// GT 3: video enhancement, in the low half.
  case videoEnhancement
  case pipe(Pipe)
  /// DE port: AUX channels of the north display.
  case port
  /// DE misc: panel self-refresh and others.
  case miscellaneous
  /// PCU: the power control unit's mailbox.
  case powerControl
  /// SDE, the south display in the PCH: hot-plug, GMBUS, AUX channels of Broadwell. Its live status shows what is
  /// plugged in.
  case south

  package static let allCases: [InterruptBank] =
    [.renderAndBlitter, .video, .powerManagement, .videoEnhancement] + Pipe.allCases.map(InterruptBank.pipe)
    + [.port, .miscellaneous, .powerControl, .south]

  /// What the master register says while these of the bank's interrupts are pending.
  func summary(of pending: UInt32) -> UInt32 {
    (pending & 0xffff == 0 ? 0 : masterBits.low) | (pending >> 16 == 0 ? 0 : masterBits.high)
  }

  /// The master's bits for the halves of the bank.
  private var masterBits: (low: UInt32, high: UInt32) {
    switch self {
    case .renderAndBlitter: (1 << 0, 1 << 1)
    case .video: (1 << 2, 1 << 3)
    case .powerManagement: (1 << 4, 1 << 5)
    case .videoEnhancement: both(6)
    case .pipe(let pipe): both(16 + pipe.rawValue)
    case .port: both(20)
    case .miscellaneous: both(22)
    case .south: both(23)
    case .powerControl: both(30)
    }
  }

  private func both(_ bit: Int) -> (low: UInt32, high: UInt32) { (1 << bit, 1 << bit) }

  /// Its place in arrays.
  var index: Int {
    switch self {
    case .pipe(let pipe): pipe.rawValue
    case .renderAndBlitter: Pipe.allCases.count
    case .video: Pipe.allCases.count + 1
    case .powerManagement: Pipe.allCases.count + 2
    case .videoEnhancement: Pipe.allCases.count + 3
    case .port: Pipe.allCases.count + 4
    case .miscellaneous: Pipe.allCases.count + 5
    case .powerControl: Pipe.allCases.count + 6
    case .south: Pipe.allCases.count + 7
    }
  }
}
