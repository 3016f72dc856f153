// EDIDs as a driver takes them apart; whether they conform is edid-decode's to say, in the integration tests.
import GVTCore
import Testing

@Suite struct EDIDTests {
  private static let sizes = [
    (640, 480), (1024, 768), (1366, 768), (1367, 801), (1920, 1200), (3840, 2160), (1200, 1920),
  ]
  .map { PixelSize(width: $0.0, height: $0.1) }

  /// The size in a detailed timing descriptor.
  private func size(at offset: Int, in edid: [UInt8]) -> PixelSize {
    PixelSize(
      width: Int(edid[offset + 2]) | Int(edid[offset + 4] >> 4) << 8,
      height: Int(edid[offset + 5]) | Int(edid[offset + 7] >> 4) << 8)
  }

  private func clock(at offset: Int, in edid: [UInt8]) -> Int {
    (Int(edid[offset]) | Int(edid[offset + 1]) << 8) * 10
  }

  @Test(arguments: sizes, Monitor.Connector.allCases)
  func `the first detailed timing is exactly the preferred size`(size: PixelSize, connector: Monitor.Connector) {
    let monitor = Monitor(connector: connector, preferred: size)
    let edid = EDID.bytes(for: monitor)
    #expect(edid.count == 256)
    for block in [edid[..<128], edid[128...]] { #expect(block.reduce(0, &+) == 0) }
    #expect(self.size(at: 54, in: edid) == size)
    #expect(clock(at: 54, in: edid) == monitor.timing.kilohertz)
    #expect(String(decoding: edid[95..<102], as: UTF8.self) == "gvt-vnc")
    #expect(edid[18...20] == (connector == .hdmi ? [1, 3, 0x80] : [1, 4, 0xa5]))
  }

  @Test(arguments: sizes, Monitor.Connector.allCases)
  func `other modes are smaller and never CTA-861's`(size: PixelSize, connector: Monitor.Connector) {
    let edid = EDID.bytes(for: Monitor(connector: connector, preferred: size))
    let start = 128 + Int(edid[130])
    for offset in stride(from: start, to: 255 - 18, by: 18) where edid[offset] != 0 {
      let other = self.size(at: offset, in: edid)
      #expect(other != size)
      #expect(other.width <= size.width && other.height <= size.height)
      // 1920x1080, 1280x720 and 640x480 of CTA-861.
      #expect(![148_500, 74_250, 25_175].contains(clock(at: offset, in: edid)))
    }
  }

  @Test func `only HDMI has HDMI's vendor block`() {
    let size = PixelSize(width: 1920, height: 1080)
    let vendor: [UInt8] = [0x03, 0x0c, 0x00]
    #expect(Array(EDID.bytes(for: Monitor(connector: .hdmi, preferred: size))[133..<136]) == vendor)
    #expect(Array(EDID.bytes(for: Monitor(preferred: size))[133..<136]) != vendor)
  }

  @Test(arguments: [(0, 0), (639, 480), (3841, 2160), (1920, 2161), (.max, .min)])
  func `an impossible size is told and becomes the nearest`(width: Int, height: Int) {
    let size = PixelSize(width: width, height: height)
    #expect(!Monitor.isPossible(size))
    let nearest = Monitor(preferred: size).preferred
    #expect(Monitor.isPossible(nearest))
    #expect((nearest.width == width) == (640...3840).contains(width))
    #expect((nearest.height == height) == (480...2160).contains(height))
  }

  @Test func `a monitor that is resized stays possible`() {
    var monitor = Monitor(connector: .hdmi, preferred: PixelSize(width: 1024, height: 768))
    monitor.preferred = PixelSize(width: 800, height: 100)
    #expect(monitor == Monitor(connector: .hdmi, preferred: PixelSize(width: 800, height: 480)))
  }
}
