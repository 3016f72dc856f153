// What a running display and its planes say of themselves.
import GVTDisplay

/// What `info --planes` prints.
struct PlanesReport: Codable, Equatable, Sendable {
  var display: String
  var planes: [PlaneReport]

  var text: String {
    if planes.isEmpty { return "The source of \(display) has no planes to tell of now." }
    let head = ["PLANE", "FORMAT", "MODIFIER", "SIZE", "STRIDE", "POSITION", "HOT SPOT", "BUFFER", "READ BY", "STATE"]
    return Table.text([head] + planes.map(\.row))
  }
}

extension PlaneReport {
  fileprivate var row: [String] {
    [
      name.map { "\(kind.rawValue) (\($0))" } ?? kind.rawValue, format ?? "-", modifier ?? "-",
      Self.pair(width, "x", height), strideBytes.map(String.init) ?? "-", Self.pair(x, ",", y),
      Self.pair(hotSpotX, ",", hotSpotY), buffer ?? "-", importer ?? "-", stateText,
    ]
  }

  private static func pair(_ first: Int?, _ sign: String, _ second: Int?) -> String {
    guard let first, let second else { return "-" }
    return "\(first)\(sign)\(second)"
  }

  private var stateText: String {
    let counts = errors.sorted { $0.key < $1.key }.map { "\($0.value)x \($0.key)" }
    return (problem ?? "shown") + (counts.isEmpty ? "" : " (" + counts.joined(separator: ", ") + ")")
  }
}

extension DisplayInfo {
  /// All about it, a line each, then its planes.
  var text: String {
    var rows = [["Display", name], ["Source", report.source]]
    rows.append(["State", report.state.rawValue + (report.reason.map { ": \($0)" } ?? "")])
    rows += report.listeners.map { ["Listens at", $0] }
    rows.append(["Resolution", "\(report.width)x\(report.height)"])
    rows.append(["Frames per second", "\(Int(report.framesPerSecond.rounded()))"])
    rows += report.details.map { [$0.name, $0.value] }
    rows.append(["Process", "\(process)"])
    rows.append(["Viewers", "\(report.viewers.count)"])
    return Table.text(rows) + "\n\n" + PlanesReport(display: name, planes: planes).text
  }
}
