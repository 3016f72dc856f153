// Another size for a guest's screen, through its vGPU's monitor.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct MonitorRegionTests {
  private let host: ScriptedHost
  private let device: ScriptedDevice
  private let offset: UInt64 = 0x2000

  init() throws {
    host = try ScriptedHost()
    device = try host.addDevice()
    try host.start(40)
    device.regionCount = 11
    device.regions = [9: .init(kind: (2, 1)), 10: .init(offset: 0x2000, kind: (1, 1))]
    device.words = [0x2000: 0x100, 0x2004: 256, 0x2008: 0, 0x200c: 1920, 0x2010: 1200, 0x2014: 1]
  }

  private func words(_ offset: UInt64) -> [UInt32] {
    device.written.filter { $0.offset == self.offset + offset }.map { StructureBytes($0.bytes)[0] }
  }

  private var blobs: [[UInt8]] { device.written.filter { $0.offset == 0x2100 }.map(\.bytes) }

  @Test func `the monitor is unplugged, another one plugged in after a tenth of a second`() throws {
    let bench = try VFIOBench(host)
    let size = PixelSize(width: 1280, height: 720)
    #expect(bench.source.requestSize(size) == .forwarded)
    #expect(words(20) == [2] && words(8) == [256] && blobs == [EDID.bytes(for: Monitor(preferred: size))])
    try bench.pass(99)
    #expect(words(20) == [2])
    try bench.pass(1)
    #expect(words(20) == [2, 1])
  }

  @Test func `of many wishes the last one counts`() throws {
    let bench = try VFIOBench(host)
    for width in 0..<20 {
      #expect(bench.source.requestSize(PixelSize(width: 1000 + width, height: 700)) == .forwarded)
    }
    for _ in 0..<10 { try bench.pass(100) }
    #expect(words(20) == [2, 1, 2, 1] && blobs.count == 2)
    #expect(blobs.last == EDID.bytes(for: Monitor(preferred: PixelSize(width: 1019, height: 700))))
  }

  @Test func `a region with room for one block gets one, whole in itself`() throws {
    device.words[0x2004] = 128
    let bench = try VFIOBench(host)
    #expect(bench.source.requestSize(PixelSize(width: 800, height: 600)) == .forwarded)
    let block = try #require(blobs.first)
    #expect(block.count == 128 && words(8) == [128])
    #expect(block[126] == 0 && block.reduce(0, &+) == 0 && block.starts(with: [0, 255, 255, 255, 255, 255, 255, 0]))
  }

  @Test func `a size beyond the device's or a monitor's is refused`() throws {
    let bench = try VFIOBench(host)
    #expect(bench.source.requestSize(PixelSize(width: 1921, height: 1080)) == .invalid)
    #expect(bench.source.requestSize(PixelSize(width: 1920, height: 1201)) == .invalid)
    #expect(bench.source.requestSize(PixelSize(width: 100, height: 100)) == .invalid)
    #expect(device.written.isEmpty)
  }

  @Test(arguments: ["no region", "no room", "no answers", "no VM"])
  func `without such a region there is no way`(_ fault: String) throws {
    switch fault {
    case "no region": device.regions[10]?.kind = (1, 2)
    case "no room": device.words[0x2004] = 127
    case "no answers": device.words = [:]
    default: try host.end(40)
    }
    let bench = try VFIOBench(host)
    #expect(bench.source.requestSize(PixelSize(width: 800, height: 600)) == .unsupported)
  }

  @Test func `a guest never stays without its monitor`() throws {
    let bench = try VFIOBench(host)
    #expect(bench.source.requestSize(PixelSize(width: 800, height: 600)) == .forwarded)
    bench.source.setWatched(false)
    #expect(words(20) == [2, 1] && device.openCount == 0)
  }
}
