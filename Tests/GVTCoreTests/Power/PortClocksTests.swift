// Pixel clocks of HDMI, worked out of dividers as i915 programs them.
import GVTCore
import Testing

@Suite struct PortClocksTests {
  @Test func `a PLL of Gen9 tells its clock by its dividers`() {
    var file = RegisterFile([])
    // PLL 1 on port B for HDMI; 8910 MHz over 2 times 1 times 6 (5 lanes' bits) is 148.5 MHz.
    file[MMIO.pllControl2] = 1 << 4
    file[MMIO.pllControl1] = 1 << 11
    file[MMIO.pllDividers(1)] = 1 << 31 | 0x2000 << 9 | 371
    file[MMIO.pllDividers(1) + 4] = 2 << 8 | 1 << 7 | 2 << 5 | 1 << 2
    #expect(PortClocks.gen9.kilohertz(1, file) == 148_500)
    file[MMIO.pllDividers(1) + 4] = 3 << 2
    #expect(PortClocks.gen9.kilohertz(1, file) == nil, "a divider that does not exist")
  }

  @Test func `Broadwell's ports take a tap of the main PLL or one with dividers`() {
    var file = RegisterFile([])
    let taps: [UInt32: Int64?] = [0: 540_000, 1: 270_000, 2: 162_000, 3: nil, 6: nil, 7: nil]
    for (code, clock) in taps {
      file[MMIO.portClock(1)] = code << 29
      #expect(PortClocks.broadwell.kilohertz(1, file) == clock)
    }
    file[MMIO.portClock(1)] = 4 << 29
    #expect(PortClocks.broadwell.kilohertz(1, file) == nil)
    file[MMIO.wrpll(1)] = 3 << 28 | 22 << 16 | 8 << 8 | 10
    #expect(PortClocks.broadwell.kilohertz(1, file) == 148_500)
    file[MMIO.portClock(1)] = 5 << 29
    file[MMIO.wrpll(2)] = .max
    #expect(PortClocks.broadwell.kilohertz(1, file) == 8571)
  }
}
