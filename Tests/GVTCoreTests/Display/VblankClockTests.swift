// Time within a frame.
import GVTCore
import Testing

@Suite struct VblankClockTests {
  /// 100 lines of a microsecond each, 80 of them active.
  private let clock = VblankClock(
    DisplayTimings(activeLines: 80, totalLines: 100, frameDuration: 100_000),
    startingAt: Instant(nanoseconds: 5_000_000), count: 7)

  private func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: 5_000_000 + nanoseconds) }

  @Test(arguments: [
    (0, 0), (999, 0), (1000, 1), (79_999, 79), (80_000, 80), (99_999, 99), (100_000, 0), (1_050_000, 50),
  ])
  func `the scan line runs from the top of the picture`(time: Int64, line: Int) {
    #expect(clock.scanLine(at: at(time)) == line)
  }

  @Test(arguments: [(0, 7), (79_999, 7), (80_000, 8), (179_999, 8), (180_000, 9), (1_080_000, 18)])
  func `the frame count goes up where the blank begins`(time: Int64, count: Int64) {
    #expect(clock.frameCount(at: at(time)) == count)
  }

  @Test func `a clock that seems to go back is the start`() {
    #expect(clock.scanLine(at: at(-10)) == 0)
    #expect(clock.frameCount(at: at(-10)) == 7)
  }

  @Test(arguments: [(3, 2, 1), (768, 806, 16_666_666), (1080, 1125, 16_666_667), (1, 65536, 4_100_003)])
  func `count, line and vblank instant always agree`(active: Int, total: Int, duration: Int64) {
    let clock = VblankClock(
      DisplayTimings(activeLines: min(active, total - 1), totalLines: total, frameDuration: max(duration, 100)),
      startingAt: at(0), count: 0)
    for count in Int64(1)...50 {
      let vblank = clock.vblank(reaching: count)
      #expect(clock.frameCount(at: vblank) == count)
      #expect(clock.frameCount(at: vblank + -1) == count - 1)
      #expect(clock.scanLine(at: vblank) >= clock.timings.activeLines)
      #expect(clock.scanLine(at: vblank + -1) < clock.timings.activeLines)
    }
  }
}
