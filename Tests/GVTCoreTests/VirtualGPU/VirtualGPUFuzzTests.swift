// A guest that writes anything anywhere.
import GVTCore
import Testing

@Suite struct VirtualGPUFuzzTests {
  /// SplitMix64: the same sequence everywhere.
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
      return mixed ^ mixed >> 31
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `25,000 random operations never trap, and sometimes show something`(seed: UInt64) throws {
    var random = Random(state: seed)
    let bytes = (0..<25_000 * 8).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(try exerciseVirtualGPU(bytes: bytes) > 0)
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
