// Engines that are there, can be reset, and do nothing.
import GVTCore
import Testing
import VGPUTesting

@Suite struct EngineUnitTests {
  @Test(arguments: [1, 2, 4, 8, 16, 0x1f] as [UInt32])
  func `a reset clears the engines it is for and is over at once`(domains: UInt32) throws {
    var bench = try Bench()
    for engine in Engine.allCases {
      bench.write(MMIO.ringTail(engine), 0x40)
      bench.write(engine.rawValue + 0x4d0, 0x1234)
    }
    bench.write(MMIO.domainReset, domains)
    #expect(bench[MMIO.domainReset] == 0)
    for engine in Engine.allCases {
      let isReset = domains & (1 | engine.resetBit) != 0
      #expect(bench[MMIO.ringTail(engine)] == (isReset ? 0 : 0x40))
      #expect(bench[engine.rawValue + 0x4d0] == (isReset ? 0 : 0x1234))
      #expect(bench[MMIO.engineMode(engine)] == 0x200)
    }
  }

  @Test(arguments: Engine.allCases)
  func `an engine is idle, and ready for a reset as soon as it is asked`(engine: Engine) throws {
    var bench = try Bench()
    bench.write(MMIO.engineMode(engine), 0x0300_0100)
    #expect(bench[MMIO.engineMode(engine)] == 0x300, "stopped and idle")
    bench.write(MMIO.resetControl(engine), 0x0001_0001)
    #expect(bench[MMIO.resetControl(engine)] == 3)
    bench.write(MMIO.resetControl(engine), 0x0001_0000)
    #expect(bench[MMIO.resetControl(engine)] == 0)
    bench.write(MMIO.errorIdentity(engine), .max)
    #expect(bench[MMIO.errorIdentity(engine)] == 0, "there are no errors to clear")
  }

  @Test func `work is swallowed`() throws {
    var bench = try Bench()
    bench.write(MMIO.interruptMaster, 1 << 31)
    for _ in 0..<4 { #expect(bench.write(MMIO.submissionPort(.render), 0x1000_0001) == []) }
    bench.write(MMIO.statusPointer(.render), 0xffff_0505)
    #expect(bench[MMIO.statusPointer(.render)] == 0x505, "no event was added")
  }

  @Test(arguments: [(Platform.skylake, 12_000), (Platform.broadwell, 12_500)] as [(Platform, UInt64)])
  func `time stamps count at the platform's rate`(platform: Platform, perMillisecond: UInt64) throws {
    let bench = try Bench(platform: platform)
    let offset = MMIO.timestamp(.video)
    let first = bench.gpu.read(offset, .qword)
    bench.clock.advance(nanoseconds: .milliseconds(1_000_000))
    #expect(bench.gpu.read(offset, .qword) - first == perMillisecond * 1_000_000)
    #expect(bench.gpu.read(offset + 4, .dword) == bench.gpu.read(offset, .qword) >> 32)
  }
}
