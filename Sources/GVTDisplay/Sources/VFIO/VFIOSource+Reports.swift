// What there is to say of a hardware vGPU's display, for `status` and `info --planes`.
import GVTCore

extension VFIOSource {
  package var details: [SourceDetail] {
    var details: [SourceDetail] = []
    if attachment != nil, let vm {
      if let name = vm.name { details.append(SourceDetail("VM", name)) }
      details.append(SourceDetail("VM process", "\(vm.process)"))
      details.append(SourceDetail("mdev", "\(vm.mdev) of \(vm.driver)"))
    }
    if let flavour = opened?.planes.flavour {
      details.append(SourceDetail("Planes", flavour == .dmabuf ? "dmabufs" : "a region"))
    }
    if ledger.queries > 0 {
      details.append(SourceDetail("Planes asked for", "\(ledger.queries) times, buffers got \(ledger.gets) times"))
    }
    details.append(SourceDetail("Input", inputSentence))
    return details
  }

  private var inputSentence: String {
    guard attachment != nil else { return "none: the VM is off" }
    guard opened != nil else {
      let isSocketKnown = spec.qmpPath != nil || vm?.qmpSocketPaths.isEmpty == false
      return isSocketKnown ? "by QMP, as soon as somebody looks" : VFIOInput.nowhere
    }
    return keys?.sentence ?? "none"
  }

  package var planes: [PlaneReport] {
    guard let device = deviceForReport else {
      var report = PlaneReport(.primary)
      if case .waiting(let sentence) = status { report.problem = sentence }
      if case .failed(let sentence) = status { report.problem = sentence }
      return [report]
    }
    let planes = device.planes
    // Only a look tells how a buffer is reached, or that it cannot be.
    if opened == nil { for kind in [GraphicsPlane.Kind.primary, .cursor] { _ = planes.look(at: kind) } }
    let kinds: [GraphicsPlane.Kind] = planes.flavour == .region ? [.primary] : [.primary, .cursor]
    return kinds.map { report($0, of: planes) }
  }

  private func report(_ kind: GraphicsPlane.Kind, of planes: DevicePlanes) -> PlaneReport {
    var report = PlaneReport(kind == .primary ? .primary : .cursor)
    report.errors = ledger.errors[kind]?.counts ?? [:]
    guard let latest = planes.latest[kind] else {
      report.problem = planes.flavour == nil ? "the device does not show its planes" : "off"
      return report
    }
    let picture = latest.picture
    report.format = "\(picture.key.code)"
    report.modifier = FormatModifier(rawValue: picture.key.modifier).name
    (report.width, report.height) = (picture.size.width, picture.size.height)
    report.strideBytes = Int(picture.key.strideBytes)
    (report.x, report.y) = (picture.position.x, picture.position.y)
    (report.hotSpotX, report.hotSpotY) = (picture.hotSpot?.x, picture.hotSpot?.y)
    report.buffer = planes.flavour == .region ? "region \(picture.key.buffer)" : "dmabuf \(picture.key.buffer)"
    report.importer = latest.problem == nil ? latest.method : nil
    report.problem = latest.problem
    return report
  }
}
