// Ports, hot-plug and the panel that is not there.
import GVTCore
import Testing
import VGPUTesting

@Suite struct PortUnitTests {
  private let monitor = Monitor(preferred: PixelSize(width: 1280, height: 800))

  /// What i915 writes to be told of hot-plugs.
  private func listen(_ bench: inout Bench) {
    bench.write(MMIO.interruptMask(.south), ~(1 << 21))
    bench.write(MMIO.interruptEnable(.south), .max)
    bench.write(MMIO.interruptMaster, 1 << 31)
    bench.write(MMIO.hotPlug, 0x1010_1010)
  }

  @Test func `a new monitor gives a long pulse, once`() throws {
    var bench = try Bench()
    listen(&bench)
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
    #expect(bench.gpu.replaceMonitor(monitor) == [.interrupt])
    #expect(bench[MMIO.interruptIdentity(.south)] == 1 << 21)
    #expect(bench[MMIO.interruptMaster] == 1 << 31 | 1 << 23)
    #expect(bench[MMIO.hotPlug] == 0x1010_1012)
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
    // i915 writes back what it read.
    bench.write(MMIO.interruptIdentity(.south), 1 << 21)
    bench.write(MMIO.hotPlug, 0x1010_1012)
    #expect(bench[MMIO.hotPlug] == 0x1010_1010)
    #expect(!bench.gpu.isInterruptPending)
    #expect(bench.gpu.replaceMonitor(Monitor(preferred: PixelSize(width: 800, height: 600))) == [.interrupt])
  }

  @Test func `a pulled plug is seen, and so is one that is put in again`() throws {
    var bench = try Bench()
    listen(&bench)
    #expect(bench.gpu.replaceMonitor(nil) == [.interrupt])
    #expect(bench[MMIO.interruptStatus(.south)] == 0)
    bench.write(MMIO.interruptIdentity(.south), .max)
    #expect(bench.gpu.replaceMonitor(monitor) == [.interrupt])
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
  }

  @Test func `a driver that does not listen is not disturbed, and finds the new monitor`() throws {
    var bench = try Bench()
    #expect(bench.gpu.replaceMonitor(nil) == [])
    #expect(bench.gpu.replaceMonitor(monitor) == [])
    #expect(bench[MMIO.hotPlug] == 0)
    listen(&bench)
    #expect(bench[MMIO.interruptIdentity(.south)] == 0)
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
  }

  @Test func `the monitor stays through a reset`() throws {
    var bench = try Bench()
    listen(&bench)
    _ = bench.gpu.replaceMonitor(nil)
    _ = bench.gpu.reset()
    #expect(bench[MMIO.interruptStatus(.south)] == 0)
    #expect(bench[MMIO.hotPlug] == 0)
    _ = bench.gpu.replaceMonitor(monitor)
    _ = bench.gpu.reset()
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
  }

  @Test(arguments: DDI.allCases)
  func `a port is idle unless it is on`(port: DDI) throws {
    var bench = try Bench()
    #expect(bench[MMIO.portBuffer(port)] == 0x80)
    bench.write(MMIO.portBuffer(port), 0x8000_0003)
    #expect(bench[MMIO.portBuffer(port)] == 0x8000_0002)
    bench.write(MMIO.portBuffer(port), 0x0000_0002)
    #expect(bench[MMIO.portBuffer(port)] == 0x82)
  }

  @Test func `idle patterns have been sent when they are asked for`() throws {
    var bench = try Bench()
    let control = MMIO.portTransport(.b)
    bench.write(control, 0x8000_0000)
    #expect(bench[control + 4] == 0)
    bench.write(control, 0x8000_0200)
    #expect(bench[control + 4] == 1 << 25)
    bench.write(control + 4, 1 << 25)
    #expect(bench[control + 4] == 0)
  }

  @Test func `the panel that is not there causes no waits`() throws {
    var bench = try Bench()
    #expect((1...4).map { bench[MMIO.panelPower + 4 * $0] } == [0x18, 0x1_0001, 0x1_0001, 0x18_6901])
    #expect(bench[MMIO.panelPower] == 0)
    bench.write(MMIO.panelPower + 4, 0xb)
    #expect(bench[MMIO.panelPower] == 0x8000_0008)
  }

  @Test(
    arguments: [(640, 480, 0x12_b000), (800, 600, 0x1d_3000), (1024, 768, 0x20_0000), (3840, 2160, 0x20_0000)]
      as [(Int, Int, UInt32)])
  func `the aperture has no room for the console's framebuffer, but for legacy mappings`(
    width: Int, height: Int, bytes: UInt32
  ) throws {
    var bench = try Bench()
    _ = bench.gpu.replaceMonitor(Monitor(preferred: PixelSize(width: width, height: height)))
    #expect(bench[MMIO.pvInfo + 0x44] == bytes)
    #expect(bytes < UInt32(4 * width * height) && bytes > 1 << 20)
    _ = bench.gpu.replaceMonitor(nil)
    #expect(bench[MMIO.pvInfo + 0x44] == 2 << 20)
  }

  @Test(arguments: [Platform.skylake, .broadwell, .coffeeLake])
  func `anything may be written anywhere`(platform: Platform) throws {
    var random = SplitMix(state: 7)
    var bench = try Bench(platform: platform)
    let places: [Range<Int>] = [0x6_4000..<0x6_4500, 0xc_4000..<0xc_4040, 0xc_5000..<0xc_5130, 0xe_4100..<0xe_4330]
    let sizes = [PixelSize(width: 640, height: 480), PixelSize(width: 3840, height: 2160)]
    for step in 0..<40_000 {
      let offset = Int.random(in: places[step % places.count], using: &random)
      let width = AccessWidth.allCases.randomElement(using: &random) ?? .dword
      // Busy and ready bits are what makes something happen.
      let value = UInt64.random(in: 0...(.max), using: &random) | (step % 3 == 0 ? 0xc000_0000 : 0)
      _ = bench.gpu.write(offset & ~3, value, width)
      _ = bench.gpu.read(offset, width)
      bench.gpu.didRead(offset, width)
      guard step % 100 == 0 else { continue }
      let connector = Monitor.Connector.allCases[step / 100 % 2]
      _ = bench.gpu.replaceMonitor(
        step % 300 == 0 ? nil : Monitor(connector: connector, preferred: sizes[step / 200 % 2]))
    }
    _ = bench.gpu.replaceMonitor(monitor)
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
  }

  @Test func `ports go on where they were after a restore`() throws {
    var bench = try Bench()
    listen(&bench)
    _ = bench.gpu.replaceMonitor(monitor)
    // A link of two lanes at 2.7 Gbit/s, its clock recovered; an EDID read from byte 8.
    bench.send([0x80, 0x01, 0x00, 3, 0x0a, 0x82, 0x21, 0])
    bench.send([0x40, 0x00, 0x50, 0, 8])
    var snapshot = Snapshot()
    bench.gpu.state().store(in: &snapshot)
    bench.gpu = VirtualGPU(
      bench.gpu.configuration, clock: bench.clock, memory: bench.gpu.memory, table: try TranslationTable(),
      restoring: try VirtualGPU.State(Snapshot(snapshot.bytes), for: bench.gpu.configuration))
    #expect(bench[MMIO.hotPlug] == 0x1010_1012)
    #expect(bench[MMIO.interruptStatus(.south)] == 1 << 21)
    bench.send([0x90, 0x02, 0x02, 1])
    #expect(bench[0x6_4114] == 0x0011_0000)
    bench.send([0x50, 0x00, 0x50, 1])
    #expect(bench[0x6_4114] == 0x001e_d400, "the manufacturer")
  }
}

extension Bench {
  /// Sends a message over port B's AUX channel.
  fileprivate mutating func send(_ message: [UInt8]) {
    for word in 0..<5 {
      let bytes = (0..<4).map { 4 * word + $0 < message.count ? message[4 * word + $0] : 0 }
      write(0x6_4114 + 4 * word, bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }
    write(0x6_4110, 1 << 31 | UInt32(message.count) << 20)
  }
}
