// Timings against those that edid-decode's `--cvt …,rb=1` and the kernel's drm_cvt_mode calculate.
import GVTCore
import Testing

@Suite struct CVTTimingTests {
  /// Width, height, refresh, kHz, lines in all, vertical sync. They take 1366 for 1360 and so have 72,000.
  private static let rows: [(Int, Int, Int, Int, Int, Int)] = [
    (640, 480, 60, 23_500, 494, 4), (1024, 768, 60, 56_000, 790, 4), (1280, 800, 60, 71_000, 823, 6),
    (1280, 1024, 60, 91_000, 1054, 7), (1366, 768, 60, 72_250, 790, 10), (1920, 1080, 60, 138_500, 1111, 5),
    (1920, 1200, 60, 154_000, 1235, 6), (2560, 1440, 60, 241_500, 1481, 5), (3840, 2160, 60, 533_250, 2222, 5),
    (1200, 1920, 60, 161_000, 1975, 10), (3840, 2160, 30, 262_750, 2191, 5),
  ]

  @Test(arguments: rows)
  func `a mode has the standard's clock and blank`(
    width: Int, height: Int, refresh: Int, kilohertz: Int, lines: Int, sync: Int
  ) {
    let timing = CVTTiming(PixelSize(width: width, height: height), refresh: refresh)
    #expect(timing.kilohertz == kilohertz)
    #expect(timing.horizontalTotal == width + 160)
    #expect(timing.verticalTotal == lines)
    #expect(timing.verticalSync == sync)
    #expect((refresh * 990...refresh * 1000).contains(timing.refreshMillihertz))
  }

  @Test func `a blank grows until the clock is fast enough`() {
    let timing = CVTTiming(PixelSize(width: 640, height: 480), minimumKilohertz: 25_000)
    #expect((25_000...25_500).contains(timing.kilohertz))
    #expect(timing.size.width == 640)
    #expect((59_000...60_000).contains(timing.refreshMillihertz))
  }

  @Test func `every size gives a timing that fits a detailed descriptor and its connector`() {
    for connector in Monitor.Connector.allCases {
      for width in stride(from: 640, through: 3840, by: 64) {
        for height in stride(from: 480, through: 2160, by: 56) {
          let timing = Monitor(connector: connector, preferred: PixelSize(width: width, height: height)).timing
          let clocks = connector == .hdmi ? 25_000...300_000 : 20_000...540_000
          #expect(clocks.contains(timing.kilohertz))
          #expect(timing.horizontalBlank < 4096 && timing.verticalBlank < 4096)
          #expect(timing.verticalFrontPorch < 16 && timing.verticalSync < 16)
          #expect((29_000...60_000).contains(timing.refreshMillihertz))
        }
      }
    }
  }
}
