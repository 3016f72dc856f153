// Pictures of a vGPU's planes, whatever the kernel answers.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

@Suite struct VFIOPictureTests {
  private let host: ScriptedHost
  private let device: ScriptedDevice

  init() throws {
    host = try ScriptedHost()
    device = try host.addDevice()
    try host.start(40)
  }

  @Test func `a dmabuf is got once, and followed while it changes`() throws {
    let bench = try VFIOBench(host)
    #expect(try bench.look().isResize)
    #expect(bench.colour == 0x102030 && bench.store.frame.size == PixelSize(width: 64, height: 48))
    #expect(try bench.look().isEmpty)
    try device.paint(1, 0x405060)
    #expect(try !bench.look().isEmpty)
    #expect(bench.colour == 0x405060)
    #expect(device.gets == [1])
    let report = try #require(bench.source.planes.first)
    #expect(report.kind == .primary && report.format == "XR24" && report.buffer == "dmabuf 1" && report.errors == [:])
    #expect(report.importer == "mmap" && report.width == 64 && report.strideBytes == 256)
  }

  @Test func `a guest that flips among three buffers has each got once`() throws {
    let bench = try VFIOBench(host)
    for number in 1...3 as ClosedRange<UInt32> { try device.paint(number, 0x111111 * number) }
    for turn in 0..<30 {
      let number = UInt32(turn % 3 + 1)
      device.primary?.buffer = number
      try bench.look()
      #expect(bench.colour == 0x111111 * number)
    }
    #expect(device.gets == [1, 2, 3])
  }

  @Test func `five buffers at most are held, the cursor's among them, and the oldest goes first`() throws {
    let bench = try VFIOBench(host)
    device.cursor = .init(code: "AR24", width: 4, height: 4, strideBytes: 16, byteSize: 64, buffer: 100)
    try device.paint(100, 0xff00_0000, count: 64)
    for number in 1...9 as ClosedRange<UInt32> {
      try device.paint(number, number)
      device.primary?.buffer = number
      try bench.look()
      #expect(bench.colour == number)
    }
    #expect(bench.source.opened?.planes.heldCount == 5)
    device.primary?.buffer = 6
    try bench.look()
    #expect(device.gets.filter { $0 == 6 }.count == 1)
    device.primary?.buffer = 1
    try bench.look()
    #expect(bench.colour == 1 && device.gets.filter { $0 == 1 }.count == 2)
  }

  @Test func `a guest that flips while its buffer is copied has the other one copied`() throws {
    let bench = try VFIOBench(host)
    for (number, colour) in [(1, 0x111111), (2, 0x222222)] as [(UInt32, UInt32)] {
      try device.paint(number, colour)
      device.primary?.buffer = number
      try bench.look()
    }
    device.primary?.buffer = 1
    device.afterQuery = { [device] in
      device.primary?.buffer = 2
      device.afterQuery = {}
    }
    #expect(!(try bench.look().isEmpty))
    #expect(bench.colour == 0x222222 && device.gets == [1, 2])
  }

  @Test func `a guest that flips faster than it can be copied is copied three times and no more`() throws {
    let bench = try VFIOBench(host)
    for number in [1, 2] as [UInt32] {
      try device.paint(number, number)
      device.primary?.buffer = number
      try bench.look()
    }
    let before = device.queries.count { $0 == .primary }
    device.afterQuery = { [device] in
      let shown = device.primary?.buffer
      device.primary?.buffer = shown == 1 ? 2 : 1
    }
    try bench.look()
    #expect(
      device.queries.count { $0 == .primary } - before == 5, "a query for each copy, and one after all but the last")
  }

  @Test func `a number that is given to another buffer is got anew`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    device.buffers[1] = nil
    try device.paint(1, 0x777777, count: 32 * 16 * 4)
    device.primary = .init(width: 32, height: 16, strideBytes: 128, byteSize: 2048, buffer: 1)
    #expect(try bench.look().isResize)
    #expect(bench.colour == 0x777777 && device.gets == [1, 1])
    #expect(bench.source.opened?.planes.heldCount == 1, "what the number meant before is not kept")
  }

  @Test func `another stride under the same number is another buffer`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    device.primary?.strideBytes = 512
    device.buffers[1] = nil
    try device.paint(1, 0x999999, count: 512 * 48)
    try bench.look()
    #expect(bench.colour == 0x999999 && device.gets == [1, 1])
  }

  @Test func `a buffer that may be another than the one meant is not shown`() throws {
    let bench = try VFIOBench(host)
    try bench.look()
    try device.paint(2, 0xbad)
    try device.paint(3, 0x333333)
    device.primary?.buffer = 2
    // The guest flips between the query and the GET.
    device.afterGet = { [device] in
      if device.gets.last == 2 { device.primary?.buffer = 3 }
    }
    try bench.look()
    #expect(bench.colour == 0x333333)
    #expect(bench.errors == ["the plane has changed while its buffer was being got": 1])
  }

  @Test(arguments: [EINVAL, ENOMEM, EFAULT, ENODEV, EIO])
  func `a query that fails keeps the picture for a second, then says that there is none`(_ code: Int32) throws {
    let bench = try VFIOBench(host)
    try bench.look()
    device.lastingFailure = code
    #expect(try bench.look().isEmpty)
    #expect(try bench.look(after: 900).isEmpty)
    #expect(bench.colour == 0x102030)
    #expect(try !bench.look(after: 200).isEmpty)
    #expect(bench.sentence == "The guest shows nothing on its vGPU's display.")
    device.lastingFailure = nil
    try bench.look()
    #expect(bench.colour == 0x102030 && bench.errors.count == 1 && device.gets == [1])
  }

  @Test func `the first answer to a new mode may be ENOMEM and costs nothing`() throws {
    let bench = try VFIOBench(host)
    device.queryFailures = [ENOMEM]
    #expect(try bench.look().isResize)
    #expect(bench.colour == 0x102030)
  }

  @Test(arguments: [(0, 12288), (64, 0)]) func `a plane of no format or of no size is off`(
    _ width: Int, _ byteSize: Int
  ) throws {
    device.primary?.byteSize = byteSize
    if width == 0 { device.primary?.code = FourCC(rawValue: 0) }
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.sentence == "The guest shows nothing on its vGPU's display.")
    #expect(bench.errors.isEmpty && device.gets.isEmpty)
    device.primary = .init()
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `sizes that are not stride times height are nothing to mind`() throws {
    device.primary?.byteSize = 1 << 24
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test(arguments: [
    (65536, 48, 256, "QUERY answers with a plane of 65536x48 pixels"),
    (Int(UInt32.max), Int(UInt32.max), 256, "QUERY answers with a plane of 4294967295x4294967295 pixels"),
    (0, 48, 256, "QUERY answers with a plane of 0x48 pixels"),
    (64, 48, 255, "The guest describes a picture that cannot exist in its memory."),
    (64, 48, Int(UInt32.max), "The guest describes a picture that cannot exist in its memory."),
    (64, 48, 4096, "The picture needs 192768 bytes of memory, but there are only 12288."),
  ])
  func `impossible shapes are counted, and nothing is shown of them`(
    _ width: Int, _ height: Int, _ strideBytes: Int, _ kind: String
  ) throws {
    let bench = try VFIOBench(host)
    try bench.look()
    device.primary = .init(width: width, height: height, strideBytes: strideBytes, buffer: 1)
    for _ in 0..<5 { #expect(try bench.look().isEmpty) }
    #expect(bench.errors == [kind: 5] && bench.colour == 0x102030)
    try bench.look(after: 2000)
    #expect(bench.colour == nil)
    device.primary = .init()
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `a structure that came back short is no picture`() throws {
    device.answeredSize = 40
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.errors == ["QUERY answers with a structure of 40 bytes": 2] && device.gets.isEmpty)
    device.answeredSize = 60
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test(arguments: [("XR24", 0x0100_0000_0000_00ff), ("NV12", 0)] as [(FourCC, UInt64)])
  func `a picture that cannot be read is named, and got once a second at most`(
    _ code: FourCC, _ modifier: UInt64
  ) throws {
    device.primary?.code = code
    device.primary?.modifier = modifier
    let bench = try VFIOBench(host, spec: "vfio:\(ScriptedHost.first)?import=mmap")
    for _ in 0..<20 { try bench.look() }
    #expect(bench.sentence.contains("\(code)") && device.gets == [1])
    let report = bench.source.planes.first
    #expect(report?.problem == bench.sentence && report?.importer == nil && report?.format == "\(code)")
    try bench.look(after: 1001)
    #expect(device.gets == [1, 1])
  }

  @Test(arguments: [EINVAL, ENOENT, ENOTTY]) func `a GET that fails is tried again`(_ code: Int32) throws {
    device.getFailure = code
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.colour == nil && bench.errors.count == 1)
    device.getFailure = nil
    try bench.look()
    #expect(bench.colour == 0x102030)
  }

  @Test func `an empty buffer, and one that is cut while it is shown, are survived`() throws {
    device.buffers[1] = try TemporaryFile()
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.sentence == "The picture needs 12288 bytes of memory, but there are only 0.")
    device.buffers[1] = nil
    try device.paint(1, 0x123456)
    try bench.look(after: 1001)
    #expect(bench.colour == 0x123456)
    try device.buffers[1]?.truncate(to: 100)
    try bench.look()
    try bench.look(after: 1001)
    #expect(bench.sentence == BufferFailure.lostWhileRead.sentence)
  }

  // MARK: - Regions

  private func useRegion() throws {
    device.flavour = .region
    device.primary = .init(byteSize: 1 << 20, buffer: 16)
    // The picture is not where the file begins.
    device.memory = try TemporaryFile(Array(repeating: 0xee, count: 4096) + Array(repeating: 0x55, count: 12288))
    device.regions[16] = .init()
  }

  @Test func `a picture in a region beyond those announced is mapped once, and no cursor is asked for`() throws {
    try useRegion()
    let bench = try VFIOBench(host)
    for _ in 0..<3 { try bench.look() }
    #expect(bench.colour == 0x555555 && device.gets.isEmpty && !device.queries.contains(.cursor))
    #expect(bench.source.planes.count == 1)
    #expect(bench.source.planes.first?.buffer == "region 16" && bench.source.planes.first?.importer == "region")
    #expect(bench.source.opened?.planes.heldCount == 1)
    #expect(bench.source.cursor.image == nil)
  }

  @Test(arguments: [
    ("none", "Asking for the region of the picture failed: Invalid argument (ioctl)."),
    ("unmappable", BufferFailure.notMappable.sentence),
    ("small", "The picture needs 12288 bytes of memory, but there are only 12287."),
    ("crooked", BufferFailure.impossibleLayout.sentence),
    ("beyond", BufferFailure.impossibleLayout.sentence),
    ("without memory", "Mapping the region of the picture failed: No such device (mmap)."),
  ])
  func `a region that holds no picture is told of`(_ fault: String, _ sentence: String) throws {
    try useRegion()
    switch fault {
    case "none": device.regions = [:]
    case "unmappable": device.regions[16]?.flags = 3
    case "small": device.regions[16]?.byteCount = 12287
    case "crooked": device.regions[16]?.offset = 4097
    case "beyond": device.regions[16]?.offset = .max - 4095
    default: device.memory = nil
    }
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.sentence == sentence)
    try useRegion()
    try bench.look()
    #expect(bench.colour == 0x555555)
  }

  @Test(arguments: [ENOTTY, EINVAL]) func `a device that shows no planes says so`(_ code: Int32) throws {
    device.flavour = nil
    device.probeFailure = code
    let bench = try VFIOBench(host)
    try bench.look()
    #expect(bench.sentence.hasPrefix("The device does not show its planes to the host"))
    #expect(bench.source.planes.first?.problem == "the device does not show its planes")
  }
}
