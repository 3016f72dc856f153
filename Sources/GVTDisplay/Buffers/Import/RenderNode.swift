// Which DRM node reads a source's buffers.
import GVTCore

/// Choosing one by what /sys says of the nodes.
enum RenderNode {
  /// The one that is named; else the render node of the device that the buffers come from; else one of the same driver,
  /// which reads what it would have made itself. Never a card node unless it is named: to open one can take it from a
  /// display server.
  static func path(
    _ reading: BufferReading, driver: String, device: String?, in root: HostRoot
  ) throws(BufferFailure) -> String {
    if let node = reading.node { return node }
    let nodes = root.entries(of: "/sys/class/drm").filter { $0.hasPrefix("renderD") }
    if let device, let real = root.resolved(device) {
      // A vGPU's own folder lies in that of its GPU.
      let own = nodes.first { node in
        root.resolved("/sys/class/drm/\(node)/device").map { real == $0 || real.hasPrefix($0 + "/") } ?? false
      }
      if let own { return "/dev/dri/" + own }
    }
    guard let same = nodes.first(where: { Self.driver(of: $0, in: root) == driver }) else {
      throw .noRenderNode(driver: driver)
    }
    return "/dev/dri/" + same
  }

  /// The kernel's driver behind a node, given as a path or by its name.
  static func driver(of node: String, in root: HostRoot) -> String? {
    guard let name = node.split(separator: "/").last else { return nil }
    return root.linkTarget("/sys/class/drm/\(name)/device/driver")?.split(separator: "/").last.map { String($0) }
  }
}
