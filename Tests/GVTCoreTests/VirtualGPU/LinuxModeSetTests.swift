// What Linux 6.1's i915 wrote when it set 1024x768 on a DisplayPort monitor, flipped and moved a cursor: a recording of
// the display registers, in order.
import GVTCore
import Testing
import VGPUTesting

@Suite struct LinuxModeSetTests {
  private typealias Write = (offset: Int, value: UInt32)

  private static let interruptSetUp: [Write] = [
    (0x4_4200, 0), (0x4_4404, 0xffff_ffff), (0x4_440c, 0), (0x4_4408, 0xffff_ffff), (0x4_4408, 0xffff_ffff),
    (0x4_440c, 0x9000_0f89), (0x4_4404, 0xefff_f07f), (0x4_4200, 0x8000_0000),
  ]

  private static let modeSet: [Write] = [
    (0x6_c058, 0x145), (0x4_4404, 0x6fff_f07f), (0x6_c05c, 0xe8018), (0x6_001c, 0x3ff_02ff), (0x7_0030, 0),
    (0x6_0030, 0x7e4d_097b), (0x6_0034, 0x80_0000), (0x6_0040, 0x3_35ba), (0x6_0044, 0x8_0000), (0x6_0000, 0x53f_03ff),
    (0x6_0004, 0x53f_03ff), (0x6_0008, 0x49f_0417), (0x6_000c, 0x325_02ff), (0x6_0010, 0x325_02ff),
    (0x6_0014, 0x308_0302), (0x7_0008, 0), (0x6_0400, 0x9200_0002), (0x7_0008, 0x8000_0000),
  ]

  private static let plane: [Write] = [
    (0x7_0188, 0x40), (0x7_018c, 0), (0x7_0190, 0x2ff_03ff), (0x7_0240, 0x8000_0003), (0x7_027c, 0x35b_0000),
    (0x4_4404, 0x6fff_f07e), (0x7_0194, 0), (0x7_0198, 0), (0x7_01a0, 0xff00_0000), (0x7_01a4, 0), (0x7_01c0, 0),
    (0x7_01c4, 0), (0x7_0180, 0x8404_2000), (0x7_019c, 0x1000_0000), (0x7_0280, 0), (0x7_029c, 0),
    (0x7_00a0, 0), (0x7_0080, 0), (0x7_0088, 0), (0x7_0084, 0),
  ]

  private static let cursor: [Write] = [
    (0x7_00a0, 0), (0x7_0080, 0x27), (0x7_0088, 0xc_012c), (0x7_0084, 0x4_0000),
    (0x7_0088, 0xcd_0131), (0x7_0084, 0x4_0000),
  ]

  private func play(_ writes: [Write], on bench: inout Bench) -> [VirtualGPU.Effect] {
    writes.flatMap { bench.write($0.offset, $0.value) }
  }

  @Test func `a recorded mode-set, flip and cursor give the picture that was on the screen`() throws {
    var bench = try Bench()
    #expect(play(Self.interruptSetUp, on: &bench) == [])
    for identity in [0x4_4408, 0x4_4418, 0x4_4428] { #expect(bench[identity] == 0) }
    let switches = play(Self.modeSet, on: &bench)
    #expect(Set(switches) == [.pipeChanged(.a)])
    #expect(bench[0x7_0008] == 0xc000_0000)
    #expect(bench.gpu.nextDeadline == nil, "nothing waits for a vblank yet")
    _ = play(Self.plane, on: &bench)

    let scanOut = bench.gpu.scanOut(of: .a)
    let size = PixelSize(width: 1024, height: 768)
    #expect(scanOut.size == size)
    #expect(scanOut.fault == nil)
    #expect(scanOut.cursor == .off)
    let picture = try #require(scanOut.pictures.first)
    #expect(scanOut.pictures.count == 1)
    #expect(picture.layout == SurfaceLayout(format: .xrgb8888, size: size, strideBytes: 4096))
    #expect(picture.address == GraphicsAddress(0x1000_0000))

    // The first flip of the recording, and the vblank that ends it.
    #expect(bench.write(0x7_019c, 0x1030_0000) == [.planeChanged(.a)])
    #expect(bench[0x7_01ac] == 0x1030_0000)
    let deadline = try #require(bench.gpu.nextDeadline)
    #expect(bench.advance(by: deadline - bench.clock.now) == [.interrupt])
    #expect(bench[0x7_0000] == 768)

    // A 64x64 cursor; the low half of the position is x.
    #expect(play(Self.cursor, on: &bench) == [.cursorChanged(.a), .cursorChanged(.a)])
    let cursor = try #require(bench.gpu.scanOut(of: .a).cursor.picture)
    #expect(cursor.position == PixelPoint(x: 0x131, y: 0xcd))
    #expect(cursor.address == GraphicsAddress(0x4_0000))
    #expect(cursor.layout.size == PixelSize(width: 64, height: 64))
  }

  @Test func `the recorded link gives the monitor's refresh rate`() throws {
    var bench = try Bench()
    _ = play(Self.interruptSetUp + Self.modeSet + Self.plane, on: &bench)
    let first = try #require(bench.gpu.nextDeadline)
    _ = bench.advance(by: first - bench.clock.now)
    let second = try #require(bench.gpu.nextDeadline)
    // 65 MHz over 1344 x 806 is 60.004 Hz.
    #expect((16_665_000...16_666_000).contains(second - first))
  }
}
