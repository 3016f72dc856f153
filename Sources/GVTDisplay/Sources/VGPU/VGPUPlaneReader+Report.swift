// A vGPU's planes in words, for `gvt-vnc info --planes`.
import GVTCore

extension VGPUPlaneReader {
  /// The planes of the pipe that is shown, and of no other.
  package var planes: [PlaneReport] {
    let scan = scanOut()
    var reports = scan.planes.enumerated().map { index, state in
      report(.init(index == 0 ? .primary : .overlay), state, name: "plane \(index + 1) of \(scan.pipe)")
    }
    var cursor = report(PlaneReport(.cursor), scan.cursor, name: "\(scan.pipe)")
    if scan.cursor.picture != nil {
      (cursor.hotSpotX, cursor.hotSpotY) = (scan.cursorHotSpot.x, scan.cursorHotSpot.y)
    }
    reports.append(cursor)
    return reports
  }

  private func report(_ empty: PlaneReport, _ state: PlaneState, name: String) -> PlaneReport {
    var report = empty
    switch state {
    case .off: report.problem = "off"
    case .invalid(let reason): report.problem = "\(reason)"
    case .on(let picture):
      report = PlaneReport(empty.kind, picture.layout, at: picture.position)
      report.buffer = "\(picture.address)"
      report.importer = isExporting ? "udmabuf" : "mapped pages"
    }
    report.name = name
    return report
  }
}
