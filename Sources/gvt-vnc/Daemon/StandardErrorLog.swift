// The log: one line an event on standard error, as a terminal or systemd's journal wants it.
import Foundation
import Logging

/// Writes `<6>name: message` for the journal (sd-daemon(3)) and `12:34:56 name: message` for people.
struct StandardErrorLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info
  private let label: String
  private let isJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil

  init(label: String) { self.label = label }

  /// Makes every logger of this process write here.
  static func install() {
    LoggingSystem.bootstrap { StandardErrorLog(label: $0) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let prefix = isJournal ? "<\(Self.priority(event.level))>" : Self.timeOfDay() + " "
    let details = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let suffix =
      details.isEmpty
      ? "" : " " + details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    let word = event.level >= .error ? "error: " : event.level >= .warning ? "warning: " : ""
    Output.error("\(prefix)\(label): \(word)\(event.message)\(suffix)")
  }

  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  private static func timeOfDay() -> String {
    let time = Calendar.current.dateComponents([.hour, .minute, .second], from: Date())
    return [time.hour, time.minute, time.second].map { part in
      let digits = String(part ?? 0)
      return digits.count == 1 ? "0" + digits : digits
    }.joined(separator: ":")
  }
}
