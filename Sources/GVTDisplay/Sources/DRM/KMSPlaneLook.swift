// What one look at one plane found.
import GVTCore

/// A plane that is on, as it was found.
struct KMSPlaneLook {
  var id: UInt32
  var kind: PlaneReport.Kind
  var framebuffer: UInt32
  var description: DMABufDescription?
  var state: KMSPlaneState?
  /// Its buffer, open.
  var entry: FramebufferCache.Entry?
  /// Why it shows nothing, as the rest of a sentence that begins with its name.
  var problem: String?

  init(_ id: UInt32, _ kind: PlaneReport.Kind, framebuffer: UInt32) {
    self.id = id
    self.kind = kind
    self.framebuffer = framebuffer
  }

  /// How a sentence begins that says something of it.
  var name: String {
    switch kind {
    case .primary: "The primary plane"
    case .cursor: "The cursor plane"
    case .overlay: "Overlay plane \(id)"
    }
  }

  var isShown: Bool { problem == nil && entry != nil }

  /// For `info --planes`.
  func report(errors: [String: Int]) -> PlaneReport {
    var report = PlaneReport(kind)
    report.name = "plane \(id)"
    report.problem = problem.map { "\(name) \($0)." }
    report.buffer = "framebuffer \(framebuffer)"
    if let description {
      report.format = description.code.printable
      report.modifier = description.modifier.map { FormatModifier(rawValue: $0).name }
      report.width = state?.source.width ?? description.size.width
      report.height = state?.source.height ?? description.size.height
      report.strideBytes = description.strideBytes
    }
    report.x = state?.position?.x
    report.y = state?.position?.y
    report.hotSpotX = state?.hotSpot?.x
    report.hotSpotY = state?.hotSpot?.y
    if case .success(let plane)? = entry?.result { report.importer = plane.method.rawValue }
    report.errors = errors
    return report
  }
}

extension FourCC {
  /// The four characters, or the number where they are none.
  var printable: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (8 * $0)) }
    return bytes.allSatisfy { (0x20...0x7e).contains($0) } ? description : "0x" + String(rawValue, radix: 16)
  }
}
