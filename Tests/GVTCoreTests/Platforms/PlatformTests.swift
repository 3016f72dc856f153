// Each platform is a table of its own.
import GVTCore
import Testing
import VGPUTesting

@Suite struct PlatformTests {
  @Test func `platforms are found by name`() {
    #expect(Platform.all.map(\.name) == ["bdw", "skl", "kbl", "cfl"])
    #expect(Platform.all.map(\.deviceID) == [0x1616, 0x1916, 0x5916, 0x3e9b])
    for platform in Platform.all { #expect(Platform(named: platform.name)?.deviceID == platform.deviceID) }
    #expect(Platform(named: "icl") == nil)
  }

  @Test func `a type stands for the first platform of its generation`() throws {
    for type in InstanceType.all {
      #expect(Platform.standard(for: type).name == (type.generation == .broadwell ? "bdw" : "skl"))
    }
  }

  @Test(arguments: Platform.all)
  func `what a driver reads first is there`(platform: Platform) throws {
    let bench = try Bench(platform: platform)
    let isGen9 = platform.generation == .skylake
    let expected: [(name: String, offset: Int, value: UInt32)] = [
      ("fuse status", 0x4_2000, isGen9 ? 0x8e00_0000 : 0), ("FUSE2", 0x9120, isGen9 ? 0x0280_0000 : 0x0200_0000),
      ("crystal", 0xa26c, isGen9 ? 4 : 0), ("PLL routing", 0x6_c05c, isGen9 ? 0xf_8000 : 0),
      ("port clock", 0x4_6104, isGen9 ? 0 : 0xe000_0000), ("main PLL", 0x13_0040, isGen9 ? 0 : 0x4000_0000),
      ("GuC", 0xc000, 1), ("frequencies", 0x14_5998, 0x0006_0c16), ("PVINFO", 0x7_8000, 0x7654_4776),
      ("latencies", 0x14_5d10, isGen9 ? 0 : 0x0140_8042), ("DBUF", 0x4_5008, 0),
    ]
    for row in expected { #expect(bench[row.offset] == row.value, "\(row.name)") }
  }
}
