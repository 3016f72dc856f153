// Which way reads a buffer: by trial, in order, remembered.
import GVTCore
import Logging
import Testing

@testable import GVTDisplay

/// A way that does what a test says, and notes what it was asked.
private final class ScriptedAccess: BufferAccess {
  /// Answers to ``OpenedPlane/refreshed()``, one after the other; the last stays.
  enum Answer {
    case picture
    case onItsWay
    case failure(BufferFailure)
  }

  let method: ImportMethod
  var refusal: BufferFailure?
  var answers: [Answer] = [.picture]
  private(set) var opened = 0
  private(set) var isStopped = false

  init(_ method: ImportMethod, refuses refusal: BufferFailure? = nil) {
    self.method = method
    self.refusal = refusal
  }

  private final class Plane: OpenedPlane {
    let request: ImportRequest
    let access: ScriptedAccess
    init(_ request: ImportRequest, _ access: ScriptedAccess) {
      self.request = request
      self.access = access
    }

    func refreshed() throws(BufferFailure) -> ReadablePicture? {
      let answer = access.answers.count > 1 ? access.answers.removeFirst() : access.answers[0]
      switch answer {
      case .picture: return (.bytes(count: 20_000), try request.layout())
      case .onItsWay: return nil
      case .failure(let failure): throw failure
      }
    }
  }

  func open(_ request: ImportRequest) throws(BufferFailure) -> any OpenedPlane {
    opened += 1
    if let refusal { throw refusal }
    return Plane(request, self)
  }

  func stop() { isStopped = true }
}

struct DMABufImporterTests {
  private let clock = ManualClock()
  private let mmap = ScriptedAccess(.mmap)
  private let egl = ScriptedAccess(.egl)
  private let aperture = ScriptedAccess(.i915GTT)
  private let loop: GVTCore.EventLoop
  private static let refused = BufferFailure.refusedByGPU(picture: "p", node: "n", reason: "r")

  init() throws { loop = try GVTCore.EventLoop(clock: clock) }

  private func importer(_ only: ImportMethod? = nil) -> DMABufImporter {
    DMABufImporter(
      reading: BufferReading(method: only), driver: "test", ways: [mmap, egl, aperture],
      logger: Logger(label: "test"), on: loop)
  }

  private func plane(_ importer: DMABufImporter, modifier: UInt64? = nil) throws -> ImportedPlane {
    try importer.plane(
      try ImportRequestTests.file(1 << 20), as: ImportRequestTests.description(modifier: modifier))
  }

  @Test func `the CPU is tried before the GPU, and the aperture last`() throws {
    let importer = importer()
    let mapped = try plane(importer)
    #expect(try mapped.refreshed() != nil)
    #expect(mapped.method == .mmap && egl.opened == 0)
    mmap.refusal = .notMappable
    let drawn = try plane(importer)
    #expect(try drawn.refreshed() != nil)
    #expect(drawn.method == .egl && aperture.opened == 0)
    egl.refusal = Self.refused
    let last = try plane(importer)
    #expect(try last.refreshed() != nil)
    #expect(last.method == .i915GTT)
  }

  @Test func `what worked is tried first for the next buffer of that modifier, and the rest if it fails`() throws {
    let importer = importer()
    mmap.refusal = .notMappable
    #expect(try plane(importer).refreshed() != nil)
    #expect(mmap.opened == 1)
    #expect(try plane(importer).refreshed() != nil)
    #expect(mmap.opened == 1 && egl.opened == 2)
    // Another modifier is another kind of buffer.
    #expect(try plane(importer, modifier: 0).refreshed() != nil)
    #expect(mmap.opened == 2)
    mmap.refusal = nil
    egl.refusal = Self.refused
    let plane = try plane(importer)
    #expect(plane.method == .mmap)
    #expect(try plane.refreshed() != nil)
  }

  @Test func `a way that fails only when it is read is left for the next`() throws {
    mmap.refusal = .notMappable
    egl.answers = [.onItsWay, .failure(Self.refused)]
    let plane = try plane(importer())
    #expect(try plane.refreshed() == nil)
    #expect(plane.method == .egl)
    #expect(try plane.refreshed() != nil)
    #expect(plane.method == .i915GTT)
  }

  @Test func `a way that has worked is kept through failures`() throws {
    mmap.answers = [.picture, .failure(.lostWhileRead), .picture]
    let plane = try plane(importer())
    #expect(try plane.refreshed() != nil)
    #expect(throws: BufferFailure.lostWhileRead) { try plane.refreshed() }
    #expect(try plane.refreshed() != nil)
    #expect(egl.opened == 0)
  }

  @Test func `when nothing is left the GPU's failure is told, and all is tried again after a second`() throws {
    mmap.refusal = .notMappable
    egl.answers = [.onItsWay, .failure(Self.refused)]
    aperture.refusal = .unusableGPU(node: "n", reason: "not Intel")
    let plane = try plane(importer())
    #expect(try plane.refreshed() == nil)
    for _ in 0..<3 { #expect(throws: Self.refused) { try plane.refreshed() } }
    #expect(mmap.opened == 1 && aperture.opened == 1)
    egl.answers = [.onItsWay, .picture]
    clock.advance(nanoseconds: .milliseconds(1001))
    #expect(throws: Self.refused) { try plane.refreshed() }
    #expect(try plane.refreshed() != nil)
    #expect(mmap.opened == 2 && plane.method == .egl)
  }

  @Test(arguments: ImportMethod.allCases)
  func `a source that is bound to one way tries no other`(_ only: ImportMethod) throws {
    let ways = [mmap, egl, aperture]
    let importer = importer(only)
    #expect(try plane(importer).method == only)
    for way in ways { way.refusal = .notMappable }
    #expect(throws: BufferFailure.onlyMethod(only, .notMappable)) { try plane(importer) }
    for way in ways { #expect((way.opened == 2) == (way.method == only)) }
    importer.stop()
    for way in ways { #expect(way.isStopped) }
  }

  @Test func `an impossible description is refused before any way is tried`() throws {
    let importer = importer()
    #expect(throws: BufferFailure.impossibleLayout) {
      try importer.plane(try ImportRequestTests.file(1 << 20), as: ImportRequestTests.description(stride: 1))
    }
    #expect(mmap.opened == 0)
  }

  @Test func `a mapping shows what is in the buffer, under its own format`() throws {
    let file = try TemporaryFile([UInt8](repeating: 7, count: 8192))
    let importer = DMABufImporter(
      reading: BufferReading(), driver: "test", device: nil, logger: Logger(label: "test"), ready: {}, on: loop)
    let description = DMABufDescription(
      code: "AR24", modifier: 0, size: PixelSize(width: 16, height: 4), strideBytes: 64, byteOffset: 4096)
    let plane = try importer.plane(try file.shared.owned.duplicate(), as: description)
    try file.write([1, 2, 3, 4], at: 4096)
    let picture = try #require(try plane.refreshed())
    #expect(picture.layout.format == .argb8888)
    #expect(plane.method == .mmap)
    #expect(try picture.buffer.pixels(picture.layout).prefix(2) == [0x0403_0201, 0x0707_0707])
  }

  @Test func `what cannot be mapped says what is missing on a host without a GPU`() throws {
    let importer = DMABufImporter(
      reading: BufferReading(), driver: "i915", device: nil, root: HostRoot(prefix: "/nonexistent"),
      logger: Logger(label: "test"), ready: {}, on: loop)
    // A format that no CPU makes sense of takes the same way as memory that no CPU maps.
    #expect(throws: BufferFailure.noRenderNode(driver: "i915")) {
      try importer.plane(try ImportRequestTests.file(1 << 20), as: ImportRequestTests.description("YUYV", stride: 200))
    }
  }
}
