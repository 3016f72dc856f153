// How fast a port's link runs: worked out of the PLLs that a driver programmed for it.

/// Where a platform keeps the clocks of its ports.
package struct PortClocks: Sendable {
  /// The link's symbol clock of a port (1 is B) in kHz; nil where the registers make no sense.
  package let kilohertz: @Sendable (_ port: Int, _ registers: borrowing RegisterFile) -> Int64?

  /// Gen9: DPLL_CTRL2 routes one of four PLLs to a port (i915 `intel_dpll_mgr.c`, `skl_ddi_*`).
  package static let gen9 = PortClocks { port, registers in
    // Three bits a port, A first: the PLL, and whether the routing counts.
    let pll = Int(registers[MMIO.pllControl2] >> (port * 3 + 1) & 3)
    let control = registers[MMIO.pllControl1] >> (pll * 6)
    // A PLL of an HDMI port is set by its dividers, all others by one of the rates of DisplayPort.
    return control >> 5 & 1 == 1 && pll > 0 ? gen9Dividers(pll, registers) : gen9Rates[Int(control >> 1 & 7)]
  }

  /// Broadwell: PORT_CLK_SEL takes a tap of LCPLL or one of two WRPLLs (i915 `hsw_ddi_*`).
  package static let broadwell = PortClocks { port, registers in
    switch registers[MMIO.portClock(port)] >> 29 {
    case 0: 540_000
    case 1: 270_000
    case 2: 162_000
    case 4: broadwellDividers(registers[MMIO.wrpll(1)])
    case 5: broadwellDividers(registers[MMIO.wrpll(2)])
    default: nil
    }
  }

  /// By DPLL_CTRL1's link rate (i915 `DPLL_CTRL1_LINK_RATE_*`).
  private static let gen9Rates: [Int64?] = [540_000, 270_000, 162_000, 324_000, 216_000, 432_000, nil, nil]

  /// DPLL_CFGCR1 multiplies 24 MHz to the oscillator's frequency, DPLL_CFGCR2 divides that down.
  private static func gen9Dividers(_ pll: Int, _ registers: borrowing RegisterFile) -> Int64? {
    let multiplier = registers[MMIO.pllDividers(pll)]
    let divider = registers[MMIO.pllDividers(pll) + 4]
    let oscillator = 24_000 * (Int64(multiplier & 0x1ff) * 0x8000 + Int64(multiplier >> 9 & 0x7fff)) / 0x8000
    let p: [Int64] = [1, 2, 3, 0, 7, 0, 0, 0]
    let k: [Int64] = [5, 2, 3, 1]
    let q = divider >> 7 & 1 == 1 ? Int64(divider >> 8 & 0xff) : 1
    let product = 5 * p[Int(divider >> 2 & 7)] * q * k[Int(divider >> 5 & 3)]
    return product > 0 ? oscillator / product : nil
  }

  /// WRPLL_CTL: twice the reference's divider 7:0, the divider after the oscillator 13:8, twice the multiplier 23:16.
  private static func broadwellDividers(_ control: UInt32) -> Int64? {
    let product = Int64(control & 0xff) * Int64(control >> 8 & 0x3f)
    return product > 0 ? 540_000 * Int64(control >> 16 & 0xff) / product : nil
  }
}
