// Refresh rates from the registers.
import GVTCore
import Testing

@Suite struct DisplayTimingsTests {
  /// 1080p over a DisplayPort link of 2.7 GHz on port B, driven by PLL 1.
  private func link(m: UInt32, n: UInt32, total: Int = 2200) -> DisplayTimings {
    var file = RegisterFile([])
    file[MMIO.pipeSource(.a)] = PipeSource(PixelSize(width: 1920, height: 1080)).rawValue
    file[MMIO.horizontalTotal(.a)] = DisplayTotal(active: 1920, total: total).rawValue
    file[MMIO.verticalTotal(.a)] = DisplayTotal(active: 1080, total: 1125).rawValue
    file[MMIO.transcoderFunction(.a)] = 0x9200_0000
    file[MMIO.pllControl2] = 1 << 4
    file[MMIO.pllControl1] = 1 << 7
    file[MMIO.linkM(.a)] = m
    file[MMIO.linkN(.a)] = n
    return DisplayTimings(of: .a, in: file, clocks: .gen9)
  }

  @Test func `a DisplayPort link tells its refresh rate`() {
    // 148.5 MHz of 270 MHz is 60 Hz; half of it, 30 Hz.
    #expect(link(m: 11, n: 20) == DisplayTimings(activeLines: 1080, totalLines: 1125, frameDuration: 16_666_666))
    #expect(link(m: 11, n: 40).frameDuration == 33_333_333)
  }

  @Test(arguments: [(0, 0), (11, 0), (0, 20), (0xff_ffff, 1), (1, 0xff_ffff)])
  func `a rate that no monitor has is 60 Hz`(m: UInt32, n: UInt32) {
    #expect(link(m: m, n: n).frameDuration == DisplayTimings.sixtyHertz)
  }

  @Test(arguments: [(0, 0), (0, 0x02ff), (0xffff_ffff, 0x02ff), (0x0000_ffff, 0xffff)])
  func `timings that make no sense follow the picture's height`(vertical: UInt32, source: UInt32) {
    var file = RegisterFile([])
    file[MMIO.verticalTotal(.b)] = vertical
    file[MMIO.pipeSource(.b)] = source
    let timings = DisplayTimings(of: .b, in: file, clocks: .gen9)
    #expect(timings.frameDuration == DisplayTimings.sixtyHertz)
    #expect(timings.activeLines == (source == 0 ? 1 : Int(source & 0xffff) + 1))
    #expect(timings.totalLines > timings.activeLines)
  }
}
