// Names a display source in one word, as typed on a command line and kept in configuration.
package import GVTCore
package import Logging

/// Where a screen comes from: one of ``forms``.
package enum SourceSpec: Equatable, Sendable {
  case qemu(socketPath: String, console: Int)
  case vgpu(VGPUSpec)
  case vfio(VFIOSpec)
  case drm(DRMSpec)
  case demo(type: InstanceType, size: PixelSize?)
  case sharedMemory(path: String, form: SharedMemoryForm)

  /// What a SPEC may be, for help texts.
  package static let forms = [
    "qemu:/path/to/qmp.sock[?console=0]",
    VGPUSpec.form,
    VFIOSpec.form,
    DRMSpec.form,
    "vgpu:demo[?type=\(InstanceType.standard(.skylake).name)&size=WxH]",
    "shm:/path?size=WxH&format=XR24[&stride=BYTES][&offset=BYTES]",
    "shm:/path?format=xwd",
  ]

  package init(_ text: String) throws(SpecFailure) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw SpecFailure("a SPEC begins with qemu:, vgpu:, vfio:, drm: or shm:, not \(quoted(text))")
    }
    let kind = String(text[..<colon])
    let rest = text[text.index(after: colon)...]
    switch kind {
    case "qemu": self = try Self.qemu(SpecFields(rest, of: kind))
    case "vgpu": self = try Self.vgpu(SpecFields(rest, of: kind))
    case "vfio": self = .vfio(try VFIOSpec(SpecFields(rest, of: kind)))
    case "drm": self = .drm(try DRMSpec(SpecFields(rest, of: kind)))
    case "shm": self = try Self.sharedMemory(SpecFields(rest, of: kind))
    default: throw SpecFailure("a SPEC begins with qemu:, vgpu:, vfio:, drm: or shm:, not \(quoted(kind + ":"))")
    }
  }

  /// Makes sure of what the source needs to exist at all, and returns what makes it, not started yet. A vGPU is accounted in
  /// `runFolder` under `name`, or that of its socket's file.
  package func prepare(
    name: String?, runFolder: String
  ) throws(InstanceRefusal) -> @Sendable (Logger) -> any DisplaySource {
    switch self {
    case .qemu(let path, let console): return { QEMUSource(socketPath: path, console: console, logger: $0) }
    case .vgpu(let spec):
      let claim = try InstanceFolder(in: runFolder).claim(spec.record(name: name))
      return { VGPUSource(spec, claim: claim, logger: $0) }
    case .demo(let type, let size): return { DemoSource(type: type, size: size, logger: $0) }
    case .vfio(let spec): return { VFIOSource(spec, logger: $0) }
    case .drm(let spec): return { DRMSource(spec, logger: $0) }
    case .sharedMemory(let path, let form): return { _ in SharedMemorySource(path: path, form: form) }
    }
  }

  private static func qemu(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    let path = try fields.absolutePath(limit: LocalSocket.maxPathBytes)
    let console = try fields.take("console", default: 0, in: 0...SpecLimits.maxConsole)
    try fields.finish(allowed: ["console"])
    return .qemu(socketPath: path, console: console)
  }

  private static func vgpu(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    guard fields.path == "demo" else { return .vgpu(try VGPUSpec(fields)) }
    let type = try fields.takeType() ?? .standard(.skylake)
    let size = try fields.takeSize(sides: SpecLimits.demoSides)
    try fields.finish(allowed: ["type", "size"])
    return .demo(type: type, size: size)
  }

  private static func sharedMemory(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    let path = try fields.absolutePath(limit: 4095)
    let formats = PixelFormat.all.filter { $0.isReadable && $0 != .c8 }
    let allowed = formats.map(\.code.description).joined(separator: ", ") + " or xwd"
    guard let name = fields.take("format") else { throw SpecFailure("shm: needs format=, one of \(allowed)") }
    if name == "xwd" {
      try fields.finish(allowed: ["format"], because: "with format=xwd, whose file says the rest")
      return .sharedMemory(path: path, form: .xwd)
    }
    guard let format = formats.first(where: { $0.code.description == name }) else {
      throw SpecFailure("shm: format must be one of \(allowed), not \(quoted(name))")
    }
    guard let size = try fields.takeSize(sides: SpecLimits.planeSides) else {
      throw SpecFailure("shm: needs size=WIDTHxHEIGHT")
    }
    // Sides, stride and offset are bounded so far below 2^63 that no product of them overflows.
    let rowBytes = size.width * format.bytesPerPixel
    let stride = try fields.take("stride", default: rowBytes, in: rowBytes...SpecLimits.maxStrideBytes)
    let offset = try fields.take("offset", default: 0, in: 0...SpecLimits.maxOffsetBytes)
    for (key, value) in [("stride", stride), ("offset", offset)] where value % format.bytesPerPixel != 0 {
      throw SpecFailure("shm: \(key) must be a multiple of a pixel's \(format.bytesPerPixel) bytes, not \(value)")
    }
    try fields.finish(allowed: ["size", "format", "stride", "offset"])
    let layout = SurfaceLayout(format: format, size: size, strideBytes: stride, byteOffset: offset)
    return .sharedMemory(path: path, form: .raw(layout))
  }
}

/// What a SPEC may ask for at most. A plane of 8192x8192 pixels is 256 MiB, far above any screen.
private enum SpecLimits {
  static let maxConsole = 255
  static let planeSides = 1...8192
  /// What a Gen9 pipe scans out and the demo's desktop still fits in.
  static let demoSides = 64...4096
  static let maxStrideBytes = 1 << 20
  static let maxOffsetBytes = 1 << 40
}

extension SourceSpec: CustomStringConvertible {
  /// The SPEC again, with what is default left out: parsing it gives an equal value.
  package var description: String {
    switch self {
    case .qemu(let path, let console):
      return "qemu:" + encoded(path) + (console == 0 ? "" : "?console=\(console)")
    case .vgpu(let spec): return spec.description
    case .vfio(let spec): return spec.description
    case .drm(let spec): return spec.description
    case .demo(let type, let size):
      let typeKey = type == .standard(.skylake) ? nil : "type=\(type.name)"
      let keys = [typeKey, size.map { "size=\($0)" }].compactMap { $0 }
      return "vgpu:demo" + (keys.isEmpty ? "" : "?" + keys.joined(separator: "&"))
    case .sharedMemory(let path, .xwd):
      return "shm:" + encoded(path) + "?format=xwd"
    case .sharedMemory(let path, .raw(let layout)):
      let stride = layout.size.width * layout.format.bytesPerPixel
      return "shm:" + encoded(path) + "?size=\(layout.size)&format=\(layout.format.code)"
        + (layout.strideBytes == stride ? "" : "&stride=\(layout.strideBytes)")
        + (layout.byteOffset == 0 ? "" : "&offset=\(layout.byteOffset)")
    }
  }
}
