// Which DRM node reads a source's buffers, on hosts of several kinds.
import GVTCore
import Testing

@testable import GVTDisplay

struct RenderNodeTests {
  private static func host(_ name: String) -> HostRoot {
    HostRoot(prefix: #filePath.components(before: "/Tests/GVTDisplayTests/") + "/Tests/Fixtures/Hosts/" + name)
  }
  private static let igd = "/sys/devices/pci0000:00/0000:00:02.0"

  @Test(
    arguments: [
      (igd, "i915", "/dev/dri/renderD128"),
      (igd + "/6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90", "mdev", "/dev/dri/renderD128"),
      (nil, "i915", "/dev/dri/renderD128"), ("/sys/devices/no/such/device", "i915", "/dev/dri/renderD128"),
      (nil, "mbochs", nil), (nil, "", nil), ("/sys/devices/pci0000:00", "vkms", nil),
    ] as [(String?, String, String?)])
  func `the node of the device comes first, then one of the same driver`(
    _ device: String?, _ driver: String, _ expected: String?
  ) throws {
    let found = Result { () throws(BufferFailure) in
      try RenderNode.path(BufferReading(), driver: driver, device: device, in: Self.host("kabylake"))
    }
    #expect(found == expected.map { .success($0) } ?? .failure(.noRenderNode(driver: driver)))
  }

  @Test func `a card node is used only where it is named`() throws {
    // This host has a card without a render node.
    let host = Self.host("amd-mxgpu")
    #expect(!host.entries(of: "/sys/class/drm").isEmpty)
    #expect(throws: BufferFailure.self) {
      try RenderNode.path(
        BufferReading(), driver: RenderNode.driver(of: "card0", in: host) ?? "", device: nil, in: host)
    }
    let named = BufferReading(node: "/dev/dri/card7")
    #expect(try RenderNode.path(named, driver: "", device: nil, in: host) == "/dev/dri/card7")
  }

  @Test func `only i915's node has an aperture`() throws {
    let host = Self.host("kabylake")
    #expect(RenderNode.driver(of: "/dev/dri/renderD128", in: host) == "i915")
    #expect(RenderNode.driver(of: "/dev/dri/renderD129", in: host) == nil)
    let named = BufferReading(node: "/dev/dri/renderD128")
    #expect(try ApertureAccess.node(named, driver: "mbochs", device: nil, in: host) == "/dev/dri/renderD128")
    let other = BufferReading(node: "/dev/dri/renderD129")
    #expect(throws: BufferFailure.self) { try ApertureAccess.node(other, driver: "i915", device: nil, in: host) }
  }
}

extension String {
  fileprivate func components(before part: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return String(self[..<range.lowerBound])
  }
}
