// A vGPU's cursor plane as viewers' pointer.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct VFIOCursorTests {
  private let host: ScriptedHost
  private let device: ScriptedDevice

  init() throws {
    host = try ScriptedHost()
    device = try host.addDevice()
    try host.start(40)
    device.cursor = .init(
      code: "AR24", width: 8, height: 8, strideBytes: 32, byteSize: 256, position: (30, 20), hotSpot: (2, 3), buffer: 9)
    try device.paint(9, 0x8040_2010, count: 256)
  }

  @Test func `its picture, hot spot and place are the guest's`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    let cursor = bench.source.cursor
    #expect(
      cursor.image?.size == PixelSize(width: 8, height: 8)
        && cursor.image?.pixels == Array(repeating: 0x8040_2010, count: 64))
    #expect(cursor.image?.hotSpot == PixelPoint(x: 2, y: 3) && cursor.position == PixelPoint(x: 32, y: 23))
    try bench.pass(0)
    #expect(bench.cursors == 1)
  }

  @Test func `moving it neither gets nor reads its buffer again`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    let first = bench.source.cursor.image
    try device.paint(9, 0xff00_0000, count: 256)
    for x in 31...40 as ClosedRange<UInt32> {
      device.cursor?.position = (x, 20)
      try bench.look()
      #expect(bench.source.cursor.position == PixelPoint(x: Int(x) + 2, y: 23))
    }
    #expect(bench.source.cursor.image == first && device.gets.filter { $0 == 9 }.count == 1)
    try bench.look(after: 500)
    #expect(bench.source.cursor.image?.pixels.first == 0xff00_0000, "a guest may draw another one in the same place")
  }

  @Test func `a hot spot that nobody knows is the corner`() throws {
    device.cursor?.hotSpot = (.max, .max)
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.source.cursor.image?.hotSpot == .zero && bench.source.cursor.position == PixelPoint(x: 30, y: 20))
    #expect(bench.source.planes.last?.hotSpotX == nil)
  }

  @Test func `a hidden one is hidden, and comes back`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    let plane = device.cursor
    device.cursor = nil
    try bench.look()
    #expect(bench.source.cursor == CursorState(image: nil, position: nil))
    device.cursor = plane
    try bench.look()
    #expect(bench.source.cursor.image != nil)
  }

  @Test(arguments: [(512, 512, "AR24"), (8, 8, "XR24"), (0, 8, "AR24")] as [(Int, Int, FourCC)])
  func `one that is none is left out`(_ width: Int, _ height: Int, _ code: FourCC) throws {
    device.cursor = .init(
      code: code, width: width, height: height, strideBytes: width * 4, byteSize: 1, hotSpot: (0, 0), buffer: 10)
    try device.paint(10, 1, count: 512 * 512 * 4)
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.source.cursor.image == nil && bench.colour == 0x102030)
    #expect(bench.source.planes.last?.errors.count == 1)
  }

  @Test func `a place beyond all screens is passed on as it is`() throws {
    device.cursor?.position = (0xffff_fff0, 0x7fff_ffff)
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.source.cursor.position == PixelPoint(x: -14, y: Int(Int32.max) + 3))
  }
}
