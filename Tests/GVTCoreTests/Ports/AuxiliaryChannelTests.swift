// The AUX channel as i915 drives it: messages in the data registers, the monitor's answers in the same place.
import GVTCore
import Testing
import VGPUTesting

/// A driver's side of an AUX channel.
private struct AuxiliaryDriver {
  var bench: Bench
  var control = 0x6_4110

  init(platform: Platform = .skylake, connector: Monitor.Connector = .displayPort) throws {
    bench = try Bench(platform: platform)
    let size = PixelSize(width: 1366, height: 768)
    _ = bench.gpu.replaceMonitor(Monitor(connector: connector, preferred: size))
  }

  /// The reply, its status first; nil after a time-out.
  mutating func exchange(_ message: [UInt8], size: Int? = nil) -> [UInt8]? {
    for word in 0..<5 {
      let bytes = (0..<4).map { 4 * word + $0 < message.count ? message[4 * word + $0] : 0 }
      bench.write(control + 4 + 4 * word, bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }
    // What i915 writes, with an interrupt and all status bits cleared.
    bench.write(control, 0xfe00_023f | UInt32(size ?? message.count) << 20)
    let status = bench[control]
    #expect(status >> 30 == 1, "done and not busy")
    if status & 1 << 28 != 0 { return nil }
    let count = Int(status >> 20 & 31)
    return (0..<count).map { UInt8(truncatingIfNeeded: bench[control + 4 + $0 & ~3] >> UInt32(24 - 8 * ($0 & 3))) }
  }

  mutating func read(_ address: Int, _ count: Int) -> [UInt8]? {
    exchange([0x90 | UInt8(address >> 16), UInt8(address >> 8 & 0xff), UInt8(address & 0xff), UInt8(count - 1)])
  }

  mutating func write(_ address: Int, _ bytes: [UInt8]) -> [UInt8]? {
    exchange([0x80, UInt8(address >> 8), UInt8(address & 0xff), UInt8(bytes.count - 1)] + bytes)
  }
}

@Suite struct AuxiliaryChannelTests {
  @Test func `the sink's capabilities are those of DisplayPort 1.2`() throws {
    var driver = try AuxiliaryDriver()
    #expect(driver.read(0, 1) == [0, 0x12])
    #expect(driver.read(0, 15)?.prefix(8) == [0, 0x12, 0x14, 0xc4, 1, 1, 0, 1])
    #expect(driver.read(0x200, 2) == [0, 1, 0])
    #expect(driver.read(0x600, 1) == [0, 1])
  }

  @Test(arguments: [0x21, 0x92, 0x400, 0x3000, 0xf_0000, 0xf_fff8])
  func `what is not in the DPCD reads as zero`(address: Int) throws {
    var driver = try AuxiliaryDriver()
    #expect(driver.read(address, 16) == [UInt8](repeating: 0, count: 17))
  }

  @Test(arguments: [0x06, 0x0a, 0x14] as [UInt8], [1, 2, 4] as [UInt8])
  func `a link trains at every rate and number of lanes`(rate: UInt8, lanes: UInt8) throws {
    var driver = try AuxiliaryDriver()
    let low: UInt8 = lanes == 1 ? 0x0f : 0xff
    let high: UInt8 = lanes == 4 ? 0xff : 0
    #expect(driver.write(0x100, [rate, 0x80 | lanes]) == [0])
    #expect(driver.read(0x202, 2) == [0, 0, 0])
    #expect(driver.write(0x102, [0x21, 0, 0, 0]) == [0])
    #expect(driver.read(0x202, 6) == [0, 0x11 & low, 0x11 & high, 0, 0, 0, 0])
    #expect(driver.write(0x102, [0x22, 0, 0, 0]) == [0])
    #expect(driver.read(0x202, 3) == [0, 0x77 & low, 0x77 & high, 1])
    #expect(driver.write(0x102, [0]) == [0])
    #expect(driver.read(0x204, 2) == [0, 1, 1])
    #expect(driver.write(0x600, [2]) == [0])
    #expect(driver.read(0x202, 2) == [0, 0, 0], "a sleeping sink has no link")
  }

  @Test(arguments: [[0x1e, 4], [0x14, 3], [0x14, 0]] as [[UInt8]])
  func `a link of an impossible kind does not train`(link: [UInt8]) throws {
    var driver = try AuxiliaryDriver()
    _ = driver.write(0x100, link)
    _ = driver.write(0x102, [1])
    _ = driver.write(0x102, [3])
    #expect(driver.read(0x202, 3) == [0, 0, 0, 0])
  }

  @Test func `the EDID is read as i915 reads it`() throws {
    var driver = try AuxiliaryDriver()
    // Address only, then the offset, then chunks of 16 bytes; the last message lets the bus go.
    #expect(driver.exchange([0x40, 0, 0x50]) == [0])
    #expect(driver.exchange([0x40, 0, 0x50, 0, 0]) == [0])
    var edid: [UInt8] = []
    #expect(driver.exchange([0x50, 0, 0x50]) == [0])
    for _ in 0..<16 { edid += (driver.exchange([0x50, 0, 0x50, 15]) ?? []).dropFirst() }
    #expect(driver.exchange([0x10, 0, 0x50]) == [0])
    #expect(edid == EDID.bytes(for: Monitor(preferred: PixelSize(width: 1366, height: 768))))
    #expect(driver.exchange([0x40, 0, 0x50, 0, 0x80]) == [0])
    #expect(driver.exchange([0x50, 0, 0x50, 3]) == [0] + edid[0x80..<0x84])
  }

  @Test func `no other device is on the bus`() throws {
    var driver = try AuxiliaryDriver()
    for address in [0x30, 0x37, 0x3a, 0x40, 0x54] as [UInt8] {
      #expect(driver.exchange([0x40, 0, address, 0, 1]) == [0x40])
      #expect(driver.exchange([0x50, 0, address, 0]) == [0x40])
    }
  }

  @Test func `an unknown command is refused, a broken message times out`() throws {
    var driver = try AuxiliaryDriver()
    #expect(driver.exchange([0xa0, 0, 0, 0]) == [0x10])
    for size in 0...2 { #expect(driver.exchange([0x90, 0, 0, 0], size: size) == nil) }
    // 31 bytes are more than there are registers.
    #expect(driver.exchange([0x80, 1, 0, 255], size: 31) == [0])
    #expect(driver.exchange([0x90, 1, 0, 255]) == [0] + [UInt8](repeating: 0, count: 16))
  }

  @Test func `nobody answers on the other ports, without a monitor, or behind HDMI`() throws {
    var driver = try AuxiliaryDriver()
    for control in [0x6_4210, 0x6_4310] {
      driver.control = control
      #expect(driver.read(0, 1) == nil)
    }
    driver.control = 0x6_4110
    _ = driver.bench.gpu.replaceMonitor(nil)
    #expect(driver.read(0, 1) == nil)
    var other = try AuxiliaryDriver(connector: .hdmi)
    #expect(other.read(0, 1) == nil)
  }

  @Test func `a built-in panel is nothing but zeros`() throws {
    var driver = try AuxiliaryDriver()
    driver.control = 0x6_4010
    #expect(driver.read(0, 15) == [UInt8](repeating: 0, count: 16))
    #expect(driver.write(0x100, [0x0a]) == nil)
    #expect(driver.exchange([0x40, 0, 0x50]) == nil)
  }

  @Test func `status bits are cleared by writing them`() throws {
    var driver = try AuxiliaryDriver()
    driver.control = 0x6_4210
    _ = driver.read(0, 1)
    driver.bench.write(driver.control, 0x1000_023f)
    #expect(driver.bench[driver.control] == 0x4000_023f)
    driver.bench.write(driver.control, 0x4000_0000)
    #expect(driver.bench[driver.control] == 0)
  }

  @Test(
    arguments: [
      (.skylake, 0x6_4110, .port, 1 << 25), (.skylake, 0x6_4310, .port, 1 << 27), (.skylake, 0x6_4010, .port, 1),
      (.broadwell, 0xe_4110, .south, 1 << 25), (.broadwell, 0xe_4210, .south, 1 << 26),
    ] as [(Platform, Int, InterruptBank, UInt32)])
  func `an interrupt says that a message was answered`(
    platform: Platform, control: Int, bank: InterruptBank, bit: UInt32
  ) throws {
    var driver = try AuxiliaryDriver(platform: platform)
    driver.bench.write(MMIO.interruptMask(bank), ~bit)
    driver.bench.write(MMIO.interruptEnable(bank), .max)
    driver.bench.write(MMIO.interruptMaster, 1 << 31)
    #expect(driver.bench.write(control, 0xde40_0000) == [], "not asked for")
    #expect(driver.bench.write(control, 0xfe40_0000) == [.interrupt])
    #expect(driver.bench[MMIO.interruptIdentity(bank)] == bit)
  }

  @Test func `Broadwell's port B is in the PCH`() throws {
    var driver = try AuxiliaryDriver(platform: .broadwell)
    driver.control = 0xe_4110
    #expect(driver.read(0, 1) == [0, 0x12])
    #expect(driver.bench[MMIO.straps] & 0x7 == 0x4)
    #expect(driver.bench[MMIO.rawClock] == 24)
    #expect(driver.bench[MMIO.portBuffer(.a)] & 1 == 0)
  }
}
