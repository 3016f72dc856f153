// A guest that writes anything anywhere.
import GVTCore
import Testing
import VGPUTesting

@Suite struct VirtualGPUFuzzTests {
  /// Each platform, with engines that are wedged and with such that complete.
  @Test(arguments: 0..<8 as Range<UInt8>)
  func `15,000 random operations never trap, and sometimes show something`(kind: UInt8) throws {
    var random = SplitMix(state: UInt64(kind))
    #expect(try exerciseVirtualGPU(bytes: [kind] + random.bytes(15_000 * 8)) > 0)
  }

  @Test func `extreme values in every display register decode to some state`() throws {
    for value in [UInt32.max, 0x8000_0000, 0x7fff_ffff, 1, 0xffff_0000, 0x0000_ffff] {
      var bench = try Bench()
      for offset in stride(from: 0x6_0000, to: 0x7_3000, by: 4) { bench.write(offset, value) }
      for pipe in Pipe.allCases {
        let scanOut = bench.gpu.scanOut(of: pipe)
        #expect(scanOut.planes.count == 4)
        #expect(scanOut.pictures.isEmpty)
      }
    }
  }
}
