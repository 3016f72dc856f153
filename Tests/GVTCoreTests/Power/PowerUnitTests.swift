// What a driver asks of power wells, PLLs and firmware is granted.
import GVTCore
import Testing
import VGPUTesting

@Suite struct PowerUnitTests {
  @Test func `a power well that one of four asks for is on for all`() throws {
    var bench = try Bench()
    bench.write(MMIO.powerWell(2), 0xe000_000a)
    #expect(bench[MMIO.powerWell(2)] == 0xe000_000a & 0xaaaa_aaaa | (0xe000_000a & 0xaaaa_aaaa) >> 1)
    #expect(bench[MMIO.powerWell(1)] == (0xe000_000a & 0xaaaa_aaaa) >> 1)
    bench.write(MMIO.powerWell(4), 0x8000_0000)
    bench.write(MMIO.powerWell(2), 0)
    #expect(bench[MMIO.powerWell(3)] == 0x4000_0000, "another one still asks")
    bench.write(MMIO.powerWell(4), 0x5555_5555)
    #expect((1...4).allSatisfy { bench[MMIO.powerWell($0)] == 0 }, "states cannot be written")
  }

  @Test(arguments: [0x4_5008, 0x4_4fe8, 0x4_6010])
  func `bit 30 says that what bit 31 asks for is on`(offset: Int) throws {
    var bench = try Bench()
    bench.write(offset, 0x8000_0001)
    #expect(bench[offset] == 0xc000_0001)
    bench.write(offset, 0x4000_0001)
    #expect(bench[offset] == 1)
  }

  @Test func `each PLL that is on has locked`() throws {
    var bench = try Bench()
    #expect(bench[MMIO.pllStatus] == 0)
    bench.write(MMIO.pllControls[0], 1 << 31)
    bench.write(MMIO.pllControls[2], 1 << 31)
    bench.write(MMIO.pllControls[3], 0x7fff_ffff)
    #expect(bench[MMIO.pllStatus] == 0x0001_0001)
  }

  @Test(
    arguments: [
      (0x07, 3, 1), (0x21, 0, 1), (0x06, 0, 0x1e1a_1100), (0x06, 1, 0x6151_4b3d), (0x08, 0x2a, 0x2a), (0x18, 0, 0),
      (0xff, 7, 7),
    ] as [(UInt32, UInt32, UInt32)])
  func `firmware answers a command at once`(command: UInt32, data: UInt32, reply: UInt32) throws {
    var bench = try Bench()
    bench.write(MMIO.mailboxData, data)
    bench.write(MMIO.mailbox, 0x8000_0100 | command)
    #expect(bench[MMIO.mailbox] == 0x100, "neither busy nor an error")
    #expect(bench[MMIO.mailboxData] == reply)
  }

  @Test func `what is not a command changes no data`() throws {
    var bench = try Bench()
    bench.write(MMIO.mailboxData, 5)
    bench.write(MMIO.mailbox, 7)
    #expect(bench[MMIO.mailboxData] == 5)
  }

  @Test(arguments: [(0xa278, 0xd84), (0xa270, 0xd88), (0xa188, 0x13_0044)])
  func `forcewake is acknowledged`(request: Int, acknowledge: Int) throws {
    var bench = try Bench()
    bench.write(request, 0x0003_0003)
    #expect(bench[acknowledge] == 3)
    bench.write(request, 0x0001_0000)
    #expect(bench[acknowledge] == 2)
  }

  @Test func `an invalidation is over as soon as it is asked for`() throws {
    var bench = try Bench()
    for offset in stride(from: 0x4260, through: 0x4270, by: 4) {
      bench.write(offset, 1)
      #expect(bench[offset] == 0)
    }
  }

  @Test func `Broadwell's PLL is on unless it is disabled, and switches to its bypass`() throws {
    var bench = try Bench(platform: .broadwell)
    #expect(bench[MMIO.displayPLL] == 0x4000_0000)
    bench.write(MMIO.displayPLL, 0x0020_0000)
    #expect(bench[MMIO.displayPLL] == 0x4028_0000)
    bench.write(MMIO.displayPLL, 0x0400_0000)
    #expect(bench[MMIO.displayPLL] == 0x4400_0000)
    bench.write(MMIO.displayPLL, 0x8000_0000)
    #expect(bench[MMIO.displayPLL] == 0x8000_0000)
  }

  @Test func `Broadwell's sideband is done at once and remembers`() throws {
    var bench = try Bench(platform: .broadwell)
    bench.write(MMIO.sidebandAddress, 0x020c_0000)
    bench.write(MMIO.sidebandData, 0x1234)
    bench.write(MMIO.sidebandControl, 0x0000_0101)
    #expect(bench[MMIO.sidebandControl] == 0x100)
    bench.write(MMIO.sidebandAddress, 0x1f00_0000)
    bench.write(MMIO.sidebandControl, 0x0000_0001)
    #expect(bench[MMIO.sidebandData] == 0)
    bench.write(MMIO.sidebandAddress, 0x020c_0000)
    bench.write(MMIO.sidebandControl, 0x0000_0001)
    #expect(bench[MMIO.sidebandData] == 0x1234)
  }
}
