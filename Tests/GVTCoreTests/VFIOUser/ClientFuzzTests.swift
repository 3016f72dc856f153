// Random clients, the same ones each time.
import GVTCore
import Testing
import VGPUTesting

@Suite struct ClientFuzzTests {
  @Test(arguments: 0..<8 as Range<UInt64>) func `random clients never trap, and are sometimes right`(seed: UInt64)
    throws
  {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    var bytes = (0..<20_000).map { _ -> UInt8 in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    bytes[0] = UInt8(seed & 1)
    let answered = try exerciseClientSession(bytes: bytes)
    #expect(seed & 1 == 0 || answered > 100)
  }
}
