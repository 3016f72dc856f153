// How a command ends when it cannot do what it was told: a documented exit status and one sentence.
import Foundation
import GVTCore
import GVTDisplay

/// Exit statuses, after sysexits(3).
enum ExitStatus: Int32, CaseIterable, Codable, Sendable {
  case success = 0
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unavailable = 69
  case internalError = 70
  case systemError = 71
  case cannotCreate = 73
  case noPermission = 77

  var meaning: String {
    switch self {
    case .success: "it did what it was told"
    case .usage: "the command line is wrong"
    case .badData: "a SPEC, a configuration file or a display's settings are wrong"
    case .missingInput: "a display, a file or a folder that was named does not exist"
    case .unavailable:
      "a port or socket is taken, the daemon does not run, there is no picture, or doctor found what blocks"
    case .internalError: "gvt-vnc itself is at fault"
    case .systemError: "the operating system refused something it usually grants"
    case .cannotCreate: "a file could not be written"
    case .noPermission: "this user may not do that"
    }
  }
}

/// Ends a command: the one error type that leaves it.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
  let status: ExitStatus
  /// One sentence, for a person.
  let description: String

  init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    description = sentence
  }

  /// A system call failed while we tried to do `intention`, such as "read /etc/x".
  init(_ failure: SystemFailure, to intention: String, otherwise status: ExitStatus = .systemError) {
    let known: ExitStatus? =
      switch failure.code {
      case EACCES, EPERM, EROFS: .noPermission
      case ENOENT where status != .cannotCreate: .missingInput
      default: nil
      }
    self.init(known ?? status, "cannot \(intention): \(failure.reason)")
  }

  func endProcess() -> Never {
    Output.error("gvt-vnc: \(description)")
    exit(status.rawValue)
  }
}

/// Lines for people and scripts, each written at once.
enum Output {
  static func line(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func error(_ text: String) { write(text, to: STDERR_FILENO) }

  /// How wide lines for people may be.
  static var width: Int {
    let columns = Terminal.columns(of: STDOUT_FILENO) ?? Paragraph.usualWidth
    return min(max(columns, Paragraph.widths.lowerBound), Paragraph.widths.upperBound)
  }

  /// Whether they may be coloured: at a terminal, unless $NO_COLOR (no-color.org) says no.
  static var isColoured: Bool {
    let refusal = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
    return Terminal.isOne(STDOUT_FILENO) && refusal.isEmpty
  }

  private static func write(_ text: String, to descriptor: Int32) {
    // Nobody is left to tell when a terminal or a pipe is gone.
    try? Files.write(Array((text + "\n").utf8), to: descriptor)
  }
}
