// Buffers read by a GPU, where one is: rigpu of Tests/Rig with Mesa's software driver, in the VM that ImporterTests runs
// these tests in. The dmabufs are udmabuf's.
import GVTCore
import Logging
import Testing

@testable import GVTDisplay

/// DRM devices by the name of their platform device.
private func card(of device: String) -> String? {
  let root = HostRoot.this
  return root.entries(of: "/sys/class/drm").first { name in
    name.hasPrefix("card") && !name.contains("-")
      && root.resolved("/sys/class/drm/\(name)/device")?.hasSuffix("/" + device) == true
  }.map { "/dev/dri/" + $0 }
}

/// A picture in memory of ours that the kernel made a dmabuf of.
private struct Painting {
  let ram: GuestRAM
  let description: DMABufDescription
  let dmabuf: SharedDescriptor

  init(_ code: FourCC = "XR24", width: Int, height: Int, stride: Int, offset: Int = 0, modifier: UInt64? = nil) throws {
    let page = PageLocation.pageBytes
    let ram = try GuestRAM(byteCount: (offset + height * stride + page - 1) / page * page)
    let pages = (0..<ram.byteCount / page).map { PageLocation(descriptor: ram.descriptor, fileOffset: $0 * page) }
    let exporter = try #require(PageExporter.ofHost())
    dmabuf = try #require(try exporter.export(pages).first).dmabuf
    self.ram = ram
    description = DMABufDescription(
      code: code, modifier: modifier, size: PixelSize(width: width, height: height), strideBytes: stride,
      byteOffset: offset)
  }

  static func pixel(_ seed: Int, _ x: Int, _ y: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (x &* 0x9e37_79b1 ^ y &* 0x85eb_ca6b) &+ seed &* 0x0101_0107)
  }

  func paint(_ seed: Int) {
    for y in 0..<description.size.height {
      let row = (0..<description.size.width).map { Self.pixel(seed, $0, y) }
      ram.store(row.span, at: GuestAddress(UInt64(description.byteOffset + y * description.strideBytes)))
    }
  }

  /// Pixels of `picture` that are not those of ``paint(_:)``, where `mask` has ones.
  func wrong(_ picture: ReadablePicture, _ seed: Int, mask: UInt32) throws -> Int {
    let width = description.size.width
    return try picture.buffer.pixels(picture.layout).enumerated().count { index, value in
      (value ^ Self.pixel(seed, index % width, index / width)) & mask != 0
    }
  }
}

@Suite(
  .serialized,
  .enabled(if: card(of: "rigpu") != nil, "this host has no rigpu; ImporterTests runs this in a VM that has"))
struct GPUReadTests {
  private let loop: GVTCore.EventLoop
  private final class Counter {
    var ready = 0
  }
  private let counter = Counter()

  init() throws { loop = try GVTCore.EventLoop() }

  private func importer(_ node: String) -> DMABufImporter {
    let counter = counter
    return DMABufImporter(
      reading: BufferReading(node: node, method: .egl), driver: "test", device: nil, logger: Logger(label: "test"),
      ready: { counter.ready += 1 }, on: loop)
  }

  /// The next picture, however long it takes to come; looks again only when it is told to.
  private func picture(_ plane: ImportedPlane) throws -> ReadablePicture {
    let end = loop.now + .milliseconds(30_000)
    while loop.now < end {
      let before = counter.ready
      if let picture = try plane.refreshed() { return picture }
      while counter.ready == before, loop.now < end { try loop.turn(waitingAtMost: .milliseconds(100)) }
    }
    throw BufferFailure.unusableGPU(node: "test", reason: "no picture in 30 s")
  }

  @Test(
    arguments: [
      ("XR24", 1024, 768, 4096, 0, nil), ("XR24", 1366, 768, 5504, 64, nil), ("XR24", 640, 480, 2560, 4096, 0),
      ("AR24", 64, 64, 256, 0, nil), ("XR24", 1, 1, 64, 0, 0x00ff_ffff_ffff_ffff),
    ] as [(String, Int, Int, Int, Int, UInt64?)])
  func `every pixel is right, and what is drawn later shows in later reads of the one import`(
    _ code: String, _ width: Int, _ height: Int, _ stride: Int, _ offset: Int, _ modifier: UInt64?
  ) throws {
    let painting = try Painting(
      FourCC(code), width: width, height: height, stride: stride, offset: offset, modifier: modifier)
    let importer = importer(try #require(card(of: "rigpu")))
    let plane = try importer.plane(try painting.dmabuf.owned.duplicate(), as: painting.description)
    for seed in 1...3 {
      painting.paint(seed)
      let picture = try picture(plane)
      let mask: UInt32 = code == "AR24" ? 0xffff_ffff : 0x00ff_ffff
      #expect(try painting.wrong(picture, seed, mask: mask) == 0)
      #expect(picture.layout.format == (code == "AR24" ? .argb8888 : .xrgb8888))
    }
    #expect(plane.method == .egl)
    importer.stop()
    #expect(throws: BufferFailure.self) {
      while try plane.refreshed() != nil {}
    }
  }

  @Test(arguments: [
    ("XR24", UInt64(0x0100_0000_0000_0001), "EGL_BAD_MATCH"), ("RX24", 0, "EGL_BAD_MATCH"),
    ("YUYV", 0, "does not read such pixels back"),
  ])
  func `what the GPU does not take is named with the reason`(
    _ code: String, _ modifier: UInt64, _ reason: String
  ) throws {
    let painting = try Painting(FourCC(code), width: 64, height: 64, stride: 512, modifier: modifier)
    let node = try #require(card(of: "rigpu"))
    let importer = importer(node)
    defer { importer.stop() }
    let plane = try importer.plane(try painting.dmabuf.owned.duplicate(), as: painting.description)
    #expect {
      _ = try picture(plane)
    } throws: { error in
      let sentence = (error as? BufferFailure)?.sentence ?? ""
      return sentence.contains(reason) && sentence.contains("format \(code)") && sentence.contains(node)
    }
  }

  @Test func `a driver that finds out late is not believed`() throws {
    let painting = try Painting(width: 640, height: 480, stride: 2560)
    painting.paint(1)
    let importer = importer(try #require(card(of: "vkms")))
    defer { importer.stop() }
    let plane = try importer.plane(try painting.dmabuf.owned.duplicate(), as: painting.description)
    #expect {
      _ = try picture(plane)
    } throws: { error in
      (error as? BufferFailure)?.sentence.contains("GL_OUT_OF_MEMORY") == true
    }
  }

  @Test(arguments: ["/dev/null", "/dev/dri/nothing"])
  func `a node that is no GPU is told`(_ node: String) throws {
    let painting = try Painting(width: 64, height: 64, stride: 256)
    let importer = importer(node)
    defer { importer.stop() }
    let plane = try importer.plane(try painting.dmabuf.owned.duplicate(), as: painting.description)
    #expect {
      _ = try picture(plane)
    } throws: { error in
      (error as? BufferFailure)?.sentence.contains("\(node) cannot be used") == true
    }
  }

  @Test func `three hundred imports leave descriptors and memory where they were`() throws {
    let painting = try Painting(width: 640, height: 480, stride: 2560)
    painting.paint(1)
    let importer = importer(try #require(card(of: "rigpu")))
    func round() throws {
      let plane = try importer.plane(try painting.dmabuf.owned.duplicate(), as: painting.description)
      #expect(try self.picture(plane).layout.size == painting.description.size)
    }
    for _ in 0..<20 { try round() }
    let before = (Files.entries(of: "/proc/self/fd").count, residentKilobytes)
    for _ in 0..<300 { try round() }
    // The last release may still be on its way.
    for _ in 0..<10 { try loop.turn(waitingAtMost: .milliseconds(20)) }
    #expect(Files.entries(of: "/proc/self/fd").count <= before.0 + 1)
    #expect(residentKilobytes < before.1 + 8192)
    importer.stop()
    #expect(Files.entries(of: "/proc/self/fd").count < before.0)
  }

  private var residentKilobytes: Int {
    let fields = HostRoot.this.text("/proc/self/statm")?.split(separator: " ") ?? []
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4 : 0
  }
}
