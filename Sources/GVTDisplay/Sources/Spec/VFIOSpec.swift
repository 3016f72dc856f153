// A SPEC of a hardware vGPU: which VM's, where its keys go, and how its buffers are read.
import GVTCore

/// `vfio:…`: a mediated device of a VM that runs, or will.
package struct VFIOSpec: Equatable, Sendable {
  package static let form =
    "vfio:UUID|pid=N|vm=NAME[?mdev=UUID&qmp=PATH&node=/dev/dri/renderD128&import=mmap|egl|i915-gtt]"

  /// How the VM is told from others.
  package enum Target: Equatable, Sendable {
    /// By its vGPU.
    case device(uuid: String)
    /// By its VMM's process.
    case process(id: Int32)
    /// By its name, `-name` on QEMU's command line.
    case machine(name: String)
  }

  package var target: Target
  /// Which vGPU, where a VM has several; in small letters.
  package var mdev: String?
  /// Where keys and pointer go. Nil: the VM's own QMP socket, if one is found and free.
  package var qmpPath: String?
  package var reading: BufferReading

  package init(target: Target, mdev: String? = nil, qmpPath: String? = nil, reading: BufferReading = BufferReading()) {
    self.target = target
    self.mdev = mdev
    self.qmpPath = qmpPath
    self.reading = reading
  }

  init(_ fields: consuming SpecFields) throws(SpecFailure) {
    target = try Self.target(fields.path)
    if case .device = target {
      mdev = nil
    } else if let text = fields.take("mdev") {
      guard let uuid = UUIDText.parse(text) else {
        throw SpecFailure("vfio: mdev must be a UUID such as \(UUIDText.example), not \(quoted(text))")
      }
      mdev = uuid
    }
    qmpPath = try fields.takePath("qmp", limit: 107)
    reading = try BufferReading(&fields)
    try fields.finish(allowed: ["mdev", "qmp", "node", "import"])
  }

  private static func target(_ path: String) throws(SpecFailure) -> Target {
    if let name = path.tail(after: "vm=") {
      guard !name.isEmpty, name.utf8.count <= 255 else { throw SpecFailure("vfio:vm= is followed by a VM's name") }
      return .machine(name: name)
    }
    if let text = path.tail(after: "pid=") {
      guard let id = wholeNumber(text).flatMap({ Int32(exactly: $0) }), id > 0 else {
        throw SpecFailure("vfio:pid= is followed by a process's number, not \(quoted(text))")
      }
      return .process(id: id)
    }
    guard let uuid = UUIDText.parse(path) else {
      throw SpecFailure(
        "vfio: is followed by a vGPU's UUID such as \(UUIDText.example), by pid=NUMBER or by vm=NAME, not \(quoted(path))"
      )
    }
    return .device(uuid: uuid)
  }
}

extension VFIOSpec: CustomStringConvertible {
  package var description: String {
    let target =
      switch target {
      case .device(let uuid): uuid
      case .process(let id): "pid=\(id)"
      case .machine(let name): "vm=" + encoded(name)
      }
    let keys = [mdev.map { "mdev=\($0)" }, qmpPath.map { "qmp=" + encoded($0) }].compactMap { $0 } + reading.keys
    return "vfio:" + target + (keys.isEmpty ? "" : "?" + keys.joined(separator: "&"))
  }
}

/// How a source's dmabufs are to be read, where the usual way is not wanted.
package struct BufferReading: Equatable, Sendable {
  /// The DRM node that EGL and `i915-gtt` work with; nil: the render node of the GPU that the buffers come from.
  package var node: String?
  /// The only method; nil: whichever works.
  package var method: ImportMethod?

  package init(node: String? = nil, method: ImportMethod? = nil) {
    self.node = node
    self.method = method
  }

  init(_ fields: inout SpecFields) throws(SpecFailure) {
    node = try fields.takePath("node", limit: 4095)
    method = try fields.takeWord("import")
  }

  var keys: [String] {
    [node.map { "node=" + encoded($0) }, method.map { "import=\($0.rawValue)" }].compactMap { $0 }
  }
}

extension String {
  /// What follows `prefix`; nil if something else stands there.
  func tail(after prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
