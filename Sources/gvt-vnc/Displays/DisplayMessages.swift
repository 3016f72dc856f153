// What travels over a display's own control socket: one JSON object a line.
import GVTDisplay

/// The verbs of a display's socket: one list for the process, its clients and the help.
enum DisplayVerb: String, CaseIterable, Codable, Sendable {
  case info, detach, attach
}

/// A line to a display, such as `{"verb":"info"}`.
struct DisplayRequest: Codable, Equatable, Sendable {
  var verb: String

  init(_ verb: DisplayVerb) { self.verb = verb.rawValue }
}

/// The line that answers it: `failure`, or what was asked for.
struct DisplayReply: Codable, Equatable, Sendable {
  var failure: FailureMessage?
  var info: DisplayInfo?

  init(failure: CommandFailure) { self.failure = FailureMessage(failure) }
  init(info: DisplayInfo? = nil) { self.info = info }
}

/// All about a display, from itself.
struct DisplayInfo: Codable, Equatable, Sendable {
  var name: String
  var process: Int32
  var report: DisplayReport
  var planes: [PlaneReport]
}
