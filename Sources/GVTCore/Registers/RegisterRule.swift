// A row of the register tables: what differs from "a register reads what was last written, initially zero".

/// One register, or a run of equal ones.
package struct RegisterRule: Sendable {
  /// What a write does to the stored bits.
  package enum Kind: Sendable {
    case plain
    /// Ones clear, zeros leave alone.
    case writeOneToClear
    /// The high half says which bits of the low half are written.
    case masked
    case readOnly
  }

  /// The name in the PRM or in i915.
  package let name: String
  /// Bytes from the start of the register space.
  package let offset: Int
  /// How many such registers follow one another.
  package let count: Int
  package let reset: UInt32
  /// The bits that the guest can change.
  package let writable: UInt32
  package let kind: Kind
  package let role: RegisterRole

  package init(
    _ name: String, at offset: Int, count: Int = 1, reset: UInt32 = 0, writable: UInt32 = .max, _ kind: Kind = .plain,
    role: RegisterRole = .storage
  ) {
    self.name = name
    self.offset = offset
    self.count = count
    self.reset = reset
    self.writable = writable
    self.kind = kind
    self.role = role
  }

  /// What the register holds after a write of the bits in `lanes` of `value`.
  package func stored(_ value: UInt32, lanes: UInt32, over old: UInt32) -> UInt32 {
    switch kind {
    case .plain:
      let changed = lanes & writable
      return old & ~changed | value & changed
    case .writeOneToClear: return old & ~(value & lanes & writable)
    case .masked:
      let changed = (value & lanes) >> 16 & lanes & writable & 0xffff
      return old & ~changed | value & changed
    case .readOnly: return old
    }
  }
}

/// What else a register does besides holding bits.
package enum RegisterRole: Equatable, Sendable {
  case storage
  /// PIPECONF: turns the pipe on and off.
  case pipeConfiguration(Pipe)
  /// PIPESRC.
  case pipeSource(Pipe)
  /// Anything that decides how long a frame lasts.
  case timing(Pipe)
  /// PIPEDSL: the line being scanned out.
  case scanLine(Pipe)
  /// PIPE_FRMCOUNT: vblanks so far.
  case frameCounter(Pipe)
  /// PLANE_SURF: arms a plane's registers. Planes count from 1.
  case planeSurface(Pipe, plane: Int)
  /// CUR_BASE: arms the cursor's registers.
  case cursorBase(Pipe)
  case palette(Pipe)
  /// Kept by the ``InterruptTree``.
  case interrupt(InterruptRegister)
  /// Power wells, clocks and the firmware's mailbox: ``PowerUnit``.
  case power(PowerRegister)
  /// Ports, their monitors and hot-plug: ``PortUnit``.
  case port(PortRegister)
  /// The engines that would draw: ``EngineUnit``.
  case engine(EngineRegister)
}
