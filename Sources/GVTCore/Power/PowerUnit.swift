// Power wells, clocks and the firmware's mailbox: all that a driver asks for and expects to be granted at once.

/// A register that ``PowerUnit`` answers.
package enum PowerRegister: Hashable, Sendable {
  /// HSW_PWR_WELL_CTL1 to 4: odd bits ask, the even bit below answers.
  case powerWell
  /// Bit 31 asks for something to be on, bit 30 says that it is.
  case grant
  /// DPLL_STATUS of Gen9: bit 0 of each byte says that a PLL has locked.
  case pllStatus
  /// LCPLL_CTL of Broadwell, whose bit 31 turns it *off*.
  case displayPLL
  /// FORCEWAKE: what is asked for appears in another register.
  case forcewake(acknowledge: Int)
  /// GEN6_PCODE_MAILBOX: a command to the power controller's firmware.
  case mailbox
  /// SBI_CTL_STAT of Broadwell: an access to the PCH's own registers.
  case sideband
}

/// Grants what a driver asks of power wells, PLLs and firmware.
package struct PowerUnit: Sendable {
  /// The bits of a power well's register that ask.
  static let wellRequests: UInt32 = 0xaaaa_aaaa
  /// All but the bit that answers.
  static let grantWritable: UInt32 = 0xbfff_ffff

  /// What was written over the sideband, by address: 16 bits of it, so there is an end to it.
  private(set) var sideband: [UInt16: UInt32] = [:]

  /// As at power-on, or as it was.
  package init(restoring state: State? = nil) { sideband = state?.sideband ?? [:] }

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: PowerRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    let stored = registers[offset]
    switch register {
    case .powerWell: Self.grantWells(in: &registers)
    case .grant: registers[offset] = stored & ~(1 << 30) | (stored & 1 << 31) >> 1
    case .displayPLL: registers[offset] = Self.displayPLL(stored)
    case .forcewake(let acknowledge): registers[acknowledge] = stored
    case .mailbox: Self.answer(in: &registers)
    case .sideband: accessSideband(in: &registers)
    case .pllStatus: break
    }
    return []
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: PowerRegister, in registers: RegisterFile) -> UInt32? {
    guard register == .pllStatus else { return nil }
    return MMIO.pllControls.enumerated().reduce(0) { status, pll in
      status | (registers[pll.element] >> 31) << UInt32(8 * pll.offset)
    }
  }

  /// A well is on if any of the four asks for it; each register shows its own requests and the common state.
  private static func grantWells(in registers: inout RegisterFile) {
    let offsets = (1...4).map(MMIO.powerWell)
    let wanted = offsets.reduce(0) { $0 | registers[$1] & wellRequests }
    for offset in offsets { registers[offset] = registers[offset] & wellRequests | wanted >> 1 }
  }

  /// Bit 30: locked unless bit 31 disables it. Bit 19: the core's clock comes from the bypass that bit 21 asks for.
  private static func displayPLL(_ value: UInt32) -> UInt32 {
    value & ~(1 << 30 | 1 << 19) | (~value & 1 << 31) >> 1 | (value & 1 << 21) >> 2
  }

  private static func answer(in registers: inout RegisterFile) {
    let command = registers[MMIO.mailbox]
    // Bit 31 makes it a command.
    guard command >> 31 == 1 else { return }
    registers[MMIO.mailboxData] = FirmwareCommand.reply(to: command & 0xff, registers[MMIO.mailboxData])
    registers[MMIO.mailbox] = command & 0x7fff_ff00
  }

  /// Bit 8 of the control says that it writes; the address is the upper half of its register.
  private mutating func accessSideband(in registers: inout RegisterFile) {
    let address = UInt16(registers[MMIO.sidebandAddress] >> 16)
    if registers[MMIO.sidebandControl] >> 8 & 1 == 1 {
      sideband[address] = registers[MMIO.sidebandData]
    } else {
      registers[MMIO.sidebandData] = sideband[address] ?? 0
    }
  }
}

/// Commands to the power controller's firmware whose answer is more than "done" (i915 `GEN6_PCODE_*`, `GEN9_PCODE_*`).
private enum FirmwareCommand {
  /// What the data register holds after a command that was given with `data`.
  static func reply(to command: UInt32, _ data: UInt32) -> UInt32 {
    switch command {
    // GEN9_PCODE_READ_MEM_LATENCY: a byte a watermark level in microseconds, levels 0 to 3 or, if asked with 1, 4 to 7.
    case 0x06: data == 0 ? 0x1e1a_1100 : 0x6151_4b3d
    // SKL_PCODE_CDCLK_CONTROL: the core's clock may change now.
    case 0x07: 1
    // GEN9_PCODE_SAGV_CONTROL: memory's frequency is as it was asked to be.
    case 0x21: 1
    default: data
    }
  }
}
