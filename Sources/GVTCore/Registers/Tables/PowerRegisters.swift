// The rows of power wells, clocks and firmware, under their names in i915 (`i915_reg.h`, `intel_gt_regs.h`).

extension MMIO {
  /// HSW_PWR_WELL_CTL1 to 4: the BIOS's, the driver's, KVMR's and the debugger's requests.
  package static func powerWell(_ number: Int) -> Int { 0x4_5400 + 4 * (number - 1) }
  /// GEN6_PCODE_MAILBOX.
  package static let mailbox = 0x13_8124
  /// GEN6_PCODE_DATA and GEN6_PCODE_DATA1.
  package static let mailboxData = 0x13_8128
  /// LCPLL1_CTL, LCPLL2_CTL, WRPLL_CTL1 and WRPLL_CTL2: the PLLs of Gen9 in the order of their numbers.
  package static let pllControls = [0x4_6010, 0x4_6014, 0x4_6040, 0x4_6060]
  /// DPLL_CFGCR1 and, in the next word, DPLL_CFGCR2 of Gen9's PLLs 1 to 3.
  package static func pllDividers(_ pll: Int) -> Int { 0x6_c040 + 8 * (pll - 1) }
  /// DPLL_STATUS.
  package static let pllStatus = 0x6_c060
  /// PORT_CLK_SEL of Broadwell: which clock drives a port, A first.
  package static func portClock(_ port: Int) -> Int { 0x4_6100 + 4 * port }
  /// WRPLL_CTL1 and 2 of Broadwell.
  package static func wrpll(_ number: Int) -> Int { 0x4_6020 + 0x20 * number }
  /// LCPLL_CTL of Broadwell.
  package static let displayPLL = 0x13_0040
  /// SBI_ADDR, SBI_DATA and SBI_CTL_STAT of Broadwell.
  package static let sidebandAddress = 0xc_6000
  package static let sidebandData = 0xc_6004
  package static let sidebandControl = 0xc_6008
}

extension RegisterRule {
  /// What every platform has.
  static let power: [RegisterRule] = [
    .init(
      "HSW_PWR_WELL_CTL", at: MMIO.powerWell(1), count: 4, writable: PowerUnit.wellRequests, role: .power(.powerWell)),
    // The mailbox is never busy (bit 31) and never finds an error (7:0).
    .init("GEN6_PCODE_MAILBOX", at: MMIO.mailbox, role: .power(.mailbox)),
    .init("GEN6_PCODE_DATA", at: MMIO.mailboxData, count: 2),
    // 1100 MHz at most (7:0), 600 MHz at best efficiency (15:8), 300 MHz at least (23:16), in 50 MHz.
    .init("GEN6_RP_STATE_CAP", at: 0x14_5998, reset: 0x0006_0c16, .readOnly),
    // The microcontroller is in reset, where a driver without its firmware wants it.
    .init("GUC_STATUS", at: 0xc000, reset: 1, .readOnly),
    // GEN8_RTCR, M1TCR, M2TCR, BTCR, VTCR: invalidations, which are over as soon as they are asked for.
    .init("GEN8_RTCR", at: 0x4260, count: 5, .readOnly),
    // Bit 31 would say that somebody accessed a register that does not exist.
    .init("FPGA_DBG", at: 0x4_2300, writable: 0x7fff_ffff),
    .init("GEN8_EU_DISABLE", at: 0x9134, count: 3, .readOnly),
    .init("FORCEWAKE_MT", at: 0xa188, .masked, role: .power(.forcewake(acknowledge: 0x13_0044))),
    .init("FORCEWAKE_ACK_HSW", at: 0x13_0044, .readOnly),
  ]

  /// What Skylake and its successors have.
  static let gen9Power: [RegisterRule] = [
    // The fuses are read (31), and power wells PG0 to PG2 have theirs (27:25).
    .init("SKL_FUSE_STATUS", at: 0x4_2000, reset: 0x8e00_0000, .readOnly),
    // Slice 0 alone (27:25), less its fourth subslice (23:20): GT2.
    .init("GEN8_FUSE2", at: 0x9120, reset: 0x0280_0000, .readOnly),
    .init("SKL_DFSM", at: 0x5_1000, .readOnly),
    // A crystal of 24 MHz (1), halved for time stamps (2:1).
    .init("CTC_MODE", at: 0xa26c, reset: 4, .readOnly),
    // Two channels of memory, each with 8 GiB of DDR4 at 1066 MHz: it decides how watermarks are computed.
    .init("SKL_MAD_DIMM_CH", at: 0x14_500c, count: 2, reset: 8, .readOnly),
    .init("SKL_MC_BIOS_DATA", at: 0x14_5e04, reset: 8, .readOnly),
    .init("DBUF_CTL_S1", at: 0x4_5008, writable: PowerUnit.grantWritable, role: .power(.grant)),
    .init("DBUF_CTL_S2", at: 0x4_4fe8, writable: PowerUnit.grantWritable, role: .power(.grant)),
    .init("CDCLK_CTL", at: 0x4_6000),
    .init("LCPLL1_CTL", at: MMIO.pllControls[0], writable: PowerUnit.grantWritable, role: .power(.grant)),
    .init("LCPLL2_CTL", at: MMIO.pllControls[1]),
    .init("WRPLL_CTL1", at: MMIO.pllControls[2]),
    .init("WRPLL_CTL2", at: MMIO.pllControls[3]),
    .init("DPLL_CFGCR", at: MMIO.pllDividers(1), count: 6),
    .init("DPLL_CTRL1", at: MMIO.pllControl1),
    // All ports' clocks off at first, or i915 complains about an ungated one.
    .init("DPLL_CTRL2", at: MMIO.pllControl2, reset: 0x000f_8000),
    .init("DPLL_STATUS", at: MMIO.pllStatus, .readOnly, role: .power(.pllStatus)),
    .init("FORCEWAKE_RENDER_GEN9", at: 0xa278, .masked, role: .power(.forcewake(acknowledge: 0xd84))),
    .init("FORCEWAKE_ACK_RENDER_GEN9", at: 0xd84, .readOnly),
    .init("FORCEWAKE_MEDIA_GEN9", at: 0xa270, .masked, role: .power(.forcewake(acknowledge: 0xd88))),
    .init("FORCEWAKE_ACK_MEDIA_GEN9", at: 0xd88, .readOnly),
  ]

  /// What Broadwell has.
  static let broadwellPower: [RegisterRule] = [
    // Slice 0 alone (27:25) with all its subslices (23:21): GT2.
    .init("GEN8_FUSE2", at: 0x9120, reset: 0x0200_0000, .readOnly),
    // On and locked, 450 MHz, from the reference that does not spread.
    .init("LCPLL_CTL", at: MMIO.displayPLL, reset: 1 << 30, writable: 0xbff7_ffff, role: .power(.displayPLL)),
    // No clock at all drives a port at first, or i915 complains about an ungated one.
    .init("PORT_CLK_SEL", at: MMIO.portClock(0), count: 5, reset: 7 << 29),
    .init("SPLL_CTL", at: 0x4_6020),
    .init("WRPLL_CTL1", at: MMIO.wrpll(1)),
    .init("WRPLL_CTL2", at: MMIO.wrpll(2)),
    .init("CDCLK_FREQ", at: 0x4_6200),
    .init("IPS_CTL", at: 0x4_3408, .readOnly),
    .init("D_COMP_BDW", at: 0x13_8144),
    // Memory latencies of the watermark levels: WM1 11:4, WM2 19:12, WM3 28:20; WM4 8:0 and WM0 31:24 of the high word.
    .init("MCH_SSKPD", at: 0x14_5d10, reset: 0x0140_8042, .readOnly),
    .init("MCH_SSKPD (high)", at: 0x14_5d14, reset: 0x1400_0020, .readOnly),
    .init("SBI_ADDR", at: MMIO.sidebandAddress),
    .init("SBI_DATA", at: MMIO.sidebandData),
    // Never busy (0), never failed (1).
    .init("SBI_CTL_STAT", at: MMIO.sidebandControl, writable: ~3, role: .power(.sideband)),
  ]
}
