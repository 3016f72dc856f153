// Fence registers.
import GVTCore
import Testing

@Suite struct FenceTests {
  /// As i915 writes a fence: first page, bytes, pitch, tiling.
  private func register(_ start: UInt64, _ size: UInt64, pitch: UInt64, isTiledY: Bool = false) -> UInt64 {
    (start + size - 4096) << 32 | start | (pitch / 128 - 1) << 32 | (isTiledY ? 2 : 0) | 1
  }

  @Test func `a register that is off, backwards or narrower than a tile is no fence`() {
    #expect(Fence(rawValue: 0) == nil)
    #expect(Fence(rawValue: register(0x10_0000, 0x10_0000, pitch: 4096) & ~1) == nil)
    #expect(Fence(rawValue: 0x0000_1000_0000_2001) == nil)
    #expect(Fence(rawValue: register(0, 0x10_0000, pitch: 128)) == nil)
    #expect(Fence(rawValue: register(0, 0x10_0000, pitch: 128, isTiledY: true))?.pitchBytes == 128)
    #expect(Fence(rawValue: .max)?.range == 0xffff_f000..<0x1_0000_0000)
  }

  /// Byte within the fence as it is seen, where it is, and how many are beside it: 4 KiB rows.
  @Test(
    arguments: [
      (0, 0, 512), (511, 511, 1), (512, 4096, 512), (4096, 512, 512), (8 * 4096, 8 * 4096, 512),
      (4096 + 700, 4096 + 512 + 188, 324),
    ] as [(UInt64, UInt64, Int)])
  func `X tiles are eight rows of 512 bytes`(seen: UInt64, real: UInt64, count: Int) throws {
    let fence = try #require(Fence(rawValue: register(0x10_0000, 0x10_0000, pitch: 4096)))
    let place = fence.place(of: 0x10_0000 + seen)
    #expect(place.address == 0x10_0000 + real)
    #expect(place.count == count)
  }

  @Test(
    arguments: [
      (0, 0, 16), (15, 15, 1), (16, 512, 16), (128, 4096, 16), (4096, 16, 16), (32 * 4096, 32 * 4096, 16),
      (4096 * 3 + 130, 4096 + 48 + 2, 14),
    ] as [(UInt64, UInt64, Int)])
  func `Y tiles are columns of 16 bytes by 32 rows`(seen: UInt64, real: UInt64, count: Int) throws {
    let fence = try #require(Fence(rawValue: register(0x10_0000, 0x10_0000, pitch: 4096, isTiledY: true)))
    let place = fence.place(of: 0x10_0000 + seen)
    #expect(place.address == 0x10_0000 + real)
    #expect(place.count == count)
  }
}
