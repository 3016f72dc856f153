// GMBUS as i915 drives it.
import GVTCore
import Testing
import VGPUTesting

@Suite struct GMBUSTests {
  private static let monitor = Monitor(connector: .hdmi, preferred: PixelSize(width: 1920, height: 1080))
  private let edid = EDID.bytes(for: monitor)

  private func bench(_ platform: Platform = .skylake, monitor: Monitor? = monitor) throws -> Bench {
    var bench = try Bench(platform: platform)
    _ = bench.gpu.replaceMonitor(monitor)
    return bench
  }

  /// The guest reads GMBUS3.
  private func data(_ bench: inout Bench) -> [UInt8] {
    let word = bench[MMIO.gmbusData]
    bench.gpu.didRead(MMIO.gmbusData)
    return (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
  }

  private func read(_ count: Int, from index: Int, address: UInt32 = 0x50, in bench: inout Bench) -> [UInt8]? {
    bench.write(MMIO.gmbusCommand, 0x4600_0001 | UInt32(count) << 16 | UInt32(index) << 8 | address << 1)
    var bytes: [UInt8] = []
    while bytes.count < count {
      #expect(bench[MMIO.gmbusStatus] & 1 << 11 != 0)
      if bench[MMIO.gmbusStatus] & 1 << 10 != 0 { return nil }
      bytes += data(&bench)
    }
    #expect(bench[MMIO.gmbusStatus] & 1 << 14 != 0)
    return Array(bytes.prefix(count))
  }

  @Test(arguments: [(.skylake, 5), (.broadwell, 5), (.coffeeLake, 1)] as [(Platform, UInt32)])
  func `the EDID is read in one transfer with an index`(platform: Platform, pin: UInt32) throws {
    var bench = try bench(platform)
    bench.write(MMIO.gmbusSelect, pin)
    #expect(read(128, from: 0, in: &bench) == Array(edid[..<128]))
    #expect(read(128, from: 128, in: &bench) == Array(edid[128...]))
    #expect(bench[MMIO.gmbusStatus] & 1 << 9 != 0)
    bench.write(MMIO.gmbusCommand, 0x4800_0000)
    #expect(bench[MMIO.gmbusStatus] & 1 << 9 == 0)
  }

  @Test func `an odd number of bytes, and an offset that was written before`() throws {
    var bench = try bench()
    bench.write(MMIO.gmbusSelect, 5)
    bench.write(MMIO.gmbusData, 54)
    bench.write(MMIO.gmbusCommand, 0x4201_00a0)
    #expect(bench[MMIO.gmbusStatus] == 0x4a00)
    bench.write(MMIO.gmbusCommand, 0x4206_00a1)
    #expect(bench[MMIO.gmbusStatus] & 1 << 14 == 0)
    let bytes = data(&bench) + data(&bench)
    #expect(bytes == Array(edid[54..<60]) + [0, 0])
    #expect(read(3, from: 8, in: &bench) == Array(edid[8..<11]))
  }

  @Test(arguments: [(4, 0x50), (6, 0x50), (5, 0x37), (5, 0x40), (0, 0x50)] as [(UInt32, UInt32)])
  func `who is not there does not answer, until the error is cleared`(pin: UInt32, address: UInt32) throws {
    var bench = try bench()
    bench.write(MMIO.gmbusSelect, pin)
    #expect(read(4, from: 0, address: address, in: &bench) == nil)
    #expect(bench[MMIO.gmbusStatus] & 1 << 9 == 0)
    bench.write(MMIO.gmbusCommand, 1 << 31)
    #expect(bench[MMIO.gmbusStatus] == 0x4800)
    bench.write(MMIO.gmbusCommand, 0)
    bench.write(MMIO.gmbusSelect, 5)
    #expect(read(4, from: 0, in: &bench) == Array(edid[..<4]))
  }

  @Test func `nobody answers for a DisplayPort monitor, and a pulled plug ends a transfer`() throws {
    var bench = try bench(monitor: Monitor(preferred: PixelSize(width: 1024, height: 768)))
    bench.write(MMIO.gmbusSelect, 5)
    #expect(read(4, from: 0, in: &bench) == nil)
    var other = try self.bench()
    other.write(MMIO.gmbusSelect, 5)
    other.write(MMIO.gmbusCommand, 0x4680_00a1)
    _ = other.gpu.replaceMonitor(nil)
    #expect(data(&other) == [0xff, 0xff, 0xff, 0xff])
  }

  @Test func `the lines of all pins are up`() throws {
    var bench = try bench()
    for pin in 0..<16 {
      bench.write(MMIO.generalPin + 4 * pin, 0x0101)
      #expect(bench[MMIO.generalPin + 4 * pin] == 0x1111)
    }
  }
}
