// How one display is doing, as a value: what `list` and `status` print and the control socket sends.
import GVTCore
import GVTDisplay

/// One display of a daemon.
struct DisplayEntry: Codable, Equatable, Sendable {
  enum State: String, Codable, Sendable {
    /// There is a picture.
    case running
    /// It is served, and there will be a picture; `reason` says why there is none yet.
    case waiting
    /// It is not served, or never will show a picture as it is; `reason` says why.
    case failed
    /// Its process has just been started.
    case starting
    /// Nobody serves it.
    case stopped
  }

  var name: String
  /// The SPEC; nil if the configuration file cannot be read.
  var source: String?
  var state: State
  var reason: String?
  var listeners: [String] = []
  var viewers: [ViewerReport] = []
  var width: Int?
  var height: Int?
  var framesPerSecond: Double?
  /// What the source says of itself, by name.
  var details: [SourceDetail]?
  /// How often its process was started again, and how it ended the last time.
  var restarts = 0
  var lastEnd: String?
  var process: Int32?
  /// What is wrong with its configuration file while it runs as it was before.
  var complaint: String?

  /// A display whose configuration file is wrong.
  init(name: String, failure: CommandFailure) {
    self.name = name
    state = .failed
    reason = failure.description
  }

  /// A display that nobody serves now.
  init(name: String, settings: DisplaySettings, reason: String) {
    self.name = name
    source = settings.source.description
    listeners = settings.listeners.map(\.description)
    state = .stopped
    self.reason = reason
  }

  init(_ child: DisplayChild, complaint: String?) {
    name = child.name
    source = child.settings.source.description
    restarts = child.plan.restarts
    lastEnd = child.lastEnd
    process = child.process?.id
    self.complaint = complaint
    if let report = child.report {
      state = State(rawValue: report.state.rawValue) ?? .running
      reason = report.reason
      listeners = report.listeners
      viewers = report.viewers
      width = report.width
      height = report.height
      framesPerSecond = report.framesPerSecond
      details = report.details.isEmpty ? nil : report.details
    } else {
      state = child.lastEnd == nil ? .starting : .failed
      reason = child.lastEnd.map { child.process == nil ? "\($0); starting again soon" : "\($0); starting again" }
      listeners = child.settings.listeners.map(\.description)
    }
  }

  /// The state and why, as in a cell of a table.
  var stateText: String {
    let why = reason.map { ": \($0)" } ?? ""
    let again = restarts > 0 && state != .failed ? " (restarted \(restarts)x, last: \(lastEnd ?? "unknown"))" : ""
    return state.rawValue + why + again + (complaint.map { " (not applied: \($0))" } ?? "")
  }

  var sizeText: String {
    guard let width, let height else { return "-" }
    return "\(width)x\(height)"
  }

  var framesText: String { framesPerSecond.map { "\(Int($0.rounded()))" } ?? "-" }

  /// All about it, a line each.
  var text: String {
    var rows = [["Display", name], ["Source", source ?? "-"], ["State", stateText]]
    rows += listeners.map { ["Listens at", $0] }
    rows += [["Resolution", sizeText], ["Frames per second", framesText]]
    rows += (details ?? []).map { [$0.name, $0.value] }
    if let process { rows.append(["Process", "\(process)"]) }
    rows.append(["Viewers", "\(viewers.count)"])
    let viewerRows = viewers.map { viewer in
      [
        "", viewer.peer, viewer.isViewOnly ? "view-only" : "full", viewer.encoding, "\(viewer.updatesSent) updates",
        "\(viewer.bytesSent / 1000) kB",
      ]
    }
    return Table.text(rows) + (viewerRows.isEmpty ? "" : "\n" + Table.text(viewerRows))
  }
}
