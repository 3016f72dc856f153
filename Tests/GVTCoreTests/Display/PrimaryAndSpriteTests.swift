// Broadwell's planes.
import GVTCore
import Testing
import VGPUTesting

@Suite struct PrimaryAndSpriteTests {
  private let pipeSize = PixelSize(width: 1024, height: 768)

  private func decode(
    _ control: UInt32, plane: Int = 1, stride: UInt32 = 4096, _ change: (inout PlaneRegisters) -> Void = { _ in }
  ) -> PlaneState {
    var registers = PlaneRegisters()
    registers.control = PlaneControl(rawValue: control)
    registers.stride = stride
    registers.surface = 0x1000_0000
    change(&registers)
    return PlaneDecoder.decode(registers, of: .a, plane: plane, on: pipeSize, by: .primaryAndSprite) {
      (0..<256).map { $0 * 0x01_0101 }
    }
  }

  @Test func `the primary plane fills its pipe`() throws {
    // As seen of Linux 6.1 on Broadwell; what stands in the registers of Gen9's position and size does not count.
    let picture = try #require(
      decode(0x9800_0000) {
        $0.size = PlaneSize(rawValue: 0x0001_0001)
        $0.position = PackedPair(rawValue: 0x0005_0005)
      }.picture)
    #expect(picture.layout == SurfaceLayout(format: .xrgb8888, size: pipeSize, strideBytes: 4096))
    #expect(picture.address == GraphicsAddress(0x1000_0000))
    #expect(picture.position == .zero)
    #expect(picture.isOpaque)
  }

  @Test(
    arguments: [
      (2, .c8), (3, .xrgb1555), (4, .xrgb1555), (5, .rgb565), (6, .xrgb8888), (7, .xrgb8888), (8, .xbgr2101010),
      (10, .xrgb2101010), (14, .xbgr8888), (15, .xbgr8888),
    ] as [(UInt32, PixelFormat)])
  func `the primary plane's formats`(code: UInt32, format: PixelFormat) throws {
    let picture = try #require(decode(1 << 31 | code << 26).picture)
    #expect(picture.layout.format == format)
    #expect((picture.layout.palette != nil) == (format == .c8))
  }

  @Test(
    arguments: [(1, false, .xrgb2101010), (1, true, .xbgr2101010), (2, false, .xrgb8888), (2, true, .xbgr8888)]
      as [(UInt32, Bool, PixelFormat)])
  func `the sprite's formats`(code: UInt32, isRedLow: Bool, format: PixelFormat) throws {
    let state = decode(1 << 31 | code << 25 | (isRedLow ? 1 << 20 : 0), plane: 2) {
      $0.size = PlaneSize(PixelSize(width: 64, height: 32))
      $0.position = PackedPair(PixelPoint(x: 100, y: 50))
    }
    let picture = try #require(state.picture)
    #expect(picture.layout.format == format)
    #expect(picture.layout.size == PixelSize(width: 64, height: 32))
    #expect(picture.position == PixelPoint(x: 100, y: 50))
  }

  @Test func `bit 10 is X tiling, with a stride in bytes as well`() throws {
    let picture = try #require(decode(0x9800_0400, stride: 0x1e00) { $0.offset = PackedPair(low: 8, high: 16) }.picture)
    #expect(picture.layout.tiling == .x)
    #expect(picture.layout.strideBytes == 0x1e00)
    #expect(picture.layout.origin == PixelPoint(x: 8, y: 16))
  }

  @Test(
    arguments: [
      (0x9800_8000, 1, "plane 1 of pipe A is rotated by 180 degrees, which is not supported"),
      (0xb000_0000, 1, "plane 1 of pipe A has the pixel format XBGR16161616F, which cannot be read"),
      (0x8000_0000, 1, "plane 1 of pipe A has the pixel format number 0, which cannot be read"),
      (0x8000_0000, 2, "plane 2 of pipe A has the pixel format packed YUV 4:2:2, which cannot be read"),
      (0x8400_0000, 2, "plane 2 of pipe A is 0x0 pixels"),
    ] as [(UInt32, Int, String)])
  func `what cannot be shown says why`(control: UInt32, plane: Int, sentence: String) throws {
    guard case .invalid(let reason) = decode(control, plane: plane) else {
      Issue.record("it must not be shown")
      return
    }
    #expect(reason.description == sentence)
  }

  @Test func `there is no third plane`() {
    #expect(decode(0x9800_0000, plane: 3) == .off)
  }

  @Test func `a driver's writes give a primary plane with a sprite above it`() throws {
    var bench = try Bench(platform: .broadwell)
    bench.turnOn()
    let setting = try #require(PlaneArrangement.primaryAndSprite.registers(showing: .xrgb8888, strideBytes: 4096))
    bench.write(0x7_0180, setting.control)
    bench.write(0x7_0188, setting.stride)
    #expect(bench.write(0x7_019c, 0x1000_0000) == [.planeChanged(.a)])
    #expect(bench[0x7_01ac] == 0x1000_0000)
    bench.write(0x7_0280, 0x8400_0000)
    bench.write(0x7_0288, 256)
    bench.write(0x7_028c, 0x0010_0020)
    bench.write(0x7_0290, 0x001f_003f)
    bench.write(0x7_029c, 0x2000_0000)
    let scanOut = bench.gpu.scanOut(of: .a)
    #expect(scanOut.fault == nil)
    #expect(scanOut.pictures.map(\.position) == [.zero, PixelPoint(x: 0x20, y: 0x10)])
    #expect(scanOut.pictures.map(\.layout.size) == [pipeSize, PixelSize(width: 64, height: 32)])
    // Registers of Gen9's third plane are none here.
    #expect(bench.write(0x7_039c, 0x1000_0000) == [])
    // The flips are done with the next vblank: bits 4 and 5.
    bench.write(MMIO.interruptMask(.pipe(.a)), 0)
    _ = bench.advance(by: .milliseconds(17))
    #expect(bench[MMIO.interruptIdentity(.pipe(.a))] == 0x31)
  }
}
