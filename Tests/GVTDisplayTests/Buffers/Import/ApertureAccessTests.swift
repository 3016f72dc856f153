// Intel's aperture with a stand-in for i915: what is asked, in which order, and what becomes of refusals.
import GVTCore
import Testing

@testable import GVTDisplay

/// An i915 that notes what it is asked.
private final class FakeI915: Sendable {
  private let state = Locked<[String]>([])
  let tiling: UInt32
  let failing: String?

  init(tiling: UInt32 = 0, failing: String? = nil) {
    self.tiling = tiling
    self.failing = failing
  }

  var calls: [String] { state.withLock { $0 } }

  private func note(_ call: String) throws(SystemFailure) {
    state.withLock { $0.append(call) }
    if call == failing { throw SystemFailure(call, 19) }
  }

  var answers: ApertureCalls {
    ApertureCalls(
      open: { _ throws(SystemFailure) in
        try self.note("open")
        return try Files.inMemory(named: "node")
      },
      handle: { _, _ throws(SystemFailure) in
        try self.note("handle")
        return 7
      },
      tiling: { _, handle throws(SystemFailure) in
        try self.note("tiling")
        return handle == 7 ? self.tiling : 99
      },
      offset: { _, handle throws(SystemFailure) in
        try self.note("offset")
        return Int(handle) * 4096
      },
      map: { _, offset, count throws(SystemFailure) in
        try self.note("map")
        return .bytes(count: offset == 7 * 4096 ? count : 1)
      },
      close: { _, handle in self.state.withLock { $0.append("close \(handle)") } })
  }
}

struct ApertureAccessTests {
  private static func request(_ modifier: UInt64?, format: FourCC = "XR24") throws -> ImportRequest {
    try ImportRequest(
      try ImportRequestTests.file(1 << 20),
      as: ImportRequestTests.description(format, modifier: modifier, stride: 512))
  }

  @Test func `the handle is closed when the plane goes, and not before`() throws {
    let i915 = FakeI915()
    let access = ApertureAccess(node: .success("/dev/dri/renderD128"), calls: i915.answers)
    do {
      let plane = try access.open(try Self.request(nil))
      let picture = try #require(try plane.refreshed())
      #expect(picture.buffer.count == (49 * 512 + 400 + 4095) / 4096 * 4096)
      #expect(i915.calls == ["open", "handle", "tiling", "offset", "map"])
    }
    #expect(i915.calls.last == "close 7")
  }

  @Test(
    arguments: [
      (ImportRequestTests.xTiled, UInt32(0), Tiling.x), (ImportRequestTests.xTiled, 1, .linear),
      (ImportRequestTests.xTiled + 1, 2, .linear), (ImportRequestTests.xTiled + 1, 0, .y),
      (ImportRequestTests.xTiled + 2, 0, .yf), (ImportRequestTests.xTiled + 2, 2, nil),
      (ImportRequestTests.xTiled, 2, nil), (0, 1, nil), (0, 0, .linear),
    ] as [(UInt64, UInt32, Tiling?)])
  func `a fence that makes tiles linear is taken into account`(
    _ modifier: UInt64, _ fence: UInt32, _ expected: Tiling?
  ) throws {
    let i915 = FakeI915(tiling: fence)
    let access = ApertureAccess(node: .success("n"), calls: i915.answers)
    let picture = try? access.open(try Self.request(modifier)).refreshed()
    #expect(picture?.layout.tiling == expected)
    #expect(i915.calls.last == "close 7")
  }

  @Test(arguments: ["open", "handle", "offset", "map"])
  func `a refusal is told, and leaves nothing open`(_ call: String) throws {
    let i915 = FakeI915(failing: call)
    let access = ApertureAccess(node: .success("/dev/dri/renderD128"), calls: i915.answers)
    let request = try Self.request(nil)
    #expect {
      try access.open(request)
    } throws: { error in
      (error as? BufferFailure)?.sentence.contains("through the aperture of /dev/dri/renderD128 failed") == true
    }
    #expect(i915.calls.contains("close 7") == (call == "offset" || call == "map"))
  }

  @Test func `a GPU without fences shows the buffer as it is`() throws {
    let access = ApertureAccess(node: .success("n"), calls: FakeI915(failing: "tiling").answers)
    let picture = try #require(try access.open(try Self.request(ImportRequestTests.xTiled)).refreshed())
    #expect(picture.layout.tiling == .x)
  }

  @Test func `without Intel's driver, and for formats that nobody reads, i915 is not asked`() throws {
    let i915 = FakeI915()
    let request = try Self.request(nil)
    #expect(throws: BufferFailure.noRenderNode(driver: "vkms")) {
      try ApertureAccess(node: .failure(.noRenderNode(driver: "vkms")), calls: i915.answers).open(request)
    }
    let compressed = try Self.request(ImportRequestTests.compressed)
    #expect(throws: BufferFailure.self) {
      try ApertureAccess(node: .success("n"), calls: i915.answers).open(compressed)
    }
    #expect(i915.calls.isEmpty)
  }
}
