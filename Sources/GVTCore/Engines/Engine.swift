// The engines of a vGPU and where their registers are.

/// An engine, by the first of its registers.
package enum Engine: Int, Hashable, Sendable, CaseIterable {
  /// RCS.
  case render = 0x2000
  /// VCS.
  case video = 0x1_2000
  /// VECS.
  case videoEnhancement = 0x1_a000
  /// BCS.
  case blitter = 0x2_2000

  /// Events of this engine, as they appear in its half of a bank.
  func interrupt(_ bits: UInt32) -> InterruptEvent {
    switch self {
    case .render: InterruptEvent(bits, in: .renderAndBlitter)
    case .blitter: InterruptEvent(bits << 16, in: .renderAndBlitter)
    case .video: InterruptEvent(bits, in: .video)
    case .videoEnhancement: InterruptEvent(bits, in: .videoEnhancement)
    }
  }

  /// Its place in arrays.
  var index: Int {
    switch self {
    case .render: 0
    case .video: 1
    case .videoEnhancement: 2
    case .blitter: 3
    }
  }

  /// All of its registers.
  package var block: Range<Int> { rawValue..<rawValue + 0x800 }

  /// Its bit in GDRST (i915 `GEN6_GRDOM_*`).
  package var resetBit: UInt32 {
    switch self {
    case .render: 1 << 1
    case .video: 1 << 2
    case .blitter: 1 << 3
    case .videoEnhancement: 1 << 4
    }
  }
}

extension MMIO {
  /// GEN6_GDRST.
  package static let domainReset = 0x941c
  /// RING_TAIL, the first of the four that make up a ring: tail, head, start and control.
  package static func ringTail(_ engine: Engine) -> Int { engine.rawValue + 0x30 }
  package static func ringHead(_ engine: Engine) -> Int { engine.rawValue + 0x34 }
  package static func ringStart(_ engine: Engine) -> Int { engine.rawValue + 0x38 }
  package static func ringControl(_ engine: Engine) -> Int { engine.rawValue + 0x3c }
  /// RING_HWS_PGA: the graphics address of the engine's status page.
  package static func statusPage(_ engine: Engine) -> Int { engine.rawValue + 0x80 }
  /// RING_MI_MODE.
  package static func engineMode(_ engine: Engine) -> Int { engine.rawValue + 0x9c }
  /// RING_IMR: events that the engine keeps to itself.
  package static func engineInterruptMask(_ engine: Engine) -> Int { engine.rawValue + 0xa8 }
  /// RING_EIR.
  package static func errorIdentity(_ engine: Engine) -> Int { engine.rawValue + 0xb0 }
  /// RING_RESET_CTL.
  package static func resetControl(_ engine: Engine) -> Int { engine.rawValue + 0xd0 }
  /// RING_ELSP.
  package static func submissionPort(_ engine: Engine) -> Int { engine.rawValue + 0x230 }
  /// RING_TIMESTAMP, 64 bits.
  package static func timestamp(_ engine: Engine) -> Int { engine.rawValue + 0x358 }
  /// RING_CONTEXT_STATUS_PTR.
  package static func statusPointer(_ engine: Engine) -> Int { engine.rawValue + 0x3a0 }
}
