// What travels over the control socket and over a child's channel: one JSON object a line.
import GVTDisplay

/// The commands of the control socket: one list for the daemon, its clients and the help.
enum ControlCommand: String, CaseIterable, Codable, Sendable {
  case list, status, screenshot, reload, help

  var takesName: Bool { self == .status || self == .screenshot }

  var summary: String {
    switch self {
    case .list: "all displays, with their state"
    case .status: "one display, by name"
    case .screenshot: "a display's picture as PNG, written to the file descriptor that comes along (SCM_RIGHTS)"
    case .reload: "read the configuration again; answered when it is done"
    case .help: "these lines"
    }
  }
}

/// A line to the daemon, such as `{"command":"status","name":"vm1"}`.
struct ControlRequest: Codable, Equatable, Sendable {
  var command: String
  var name: String?

  init(_ command: ControlCommand, name: String? = nil) {
    self.command = command.rawValue
    self.name = name
  }
}

/// The line that answers it: `failure`, or what was asked for.
struct ControlReply: Codable, Equatable, Sendable {
  var failure: FailureMessage?
  var displays: [DisplayEntry]?
  var commands: [String: String]?
}

/// A ``CommandFailure`` on its way to another process.
struct FailureMessage: Codable, Equatable, Sendable {
  var status: Int32
  var sentence: String

  init(_ failure: CommandFailure) {
    status = failure.status.rawValue
    sentence = failure.description
  }

  var failure: CommandFailure { CommandFailure(ExitStatus(rawValue: status) ?? .internalError, sentence) }
}

/// A line from a display's process to its daemon.
struct ChildMessage: Codable, Equatable, Sendable {
  /// How the display is doing: on every change, at most twice a second.
  var report: DisplayReport?
  /// Why the process is about to end.
  var failure: FailureMessage?
  /// A screenshot that was asked for is written, or failed.
  var screenshot: ScreenshotAnswer?
}

struct ScreenshotAnswer: Codable, Equatable, Sendable {
  var id: Int
  var failure: FailureMessage?
}

/// A line from the daemon to a display's process. The file to write to comes along as a descriptor.
struct ParentMessage: Codable, Equatable, Sendable {
  var screenshot: Int?
}
