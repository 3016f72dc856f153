// All displays: gathered from the daemon, or from the configuration when there is none.
import Foundation

/// What `list` prints.
struct ListReport: Codable, Equatable, Sendable {
  var isDaemonRunning: Bool
  var displays: [DisplayEntry]

  static func gather(_ places: Places) throws(CommandFailure) -> ListReport {
    do throws(CommandFailure) {
      let reply = try ControlClient(socket: places.socket).ask(ControlRequest(.list))
      return ListReport(isDaemonRunning: true, displays: reply.displays ?? [])
    } catch  where error.status == .unavailable {
      let entries = try ConfigurationFolder(path: places.configuration).entries()
      return ListReport(isDaemonRunning: false, displays: entries.map(idle))
    }
  }

  private static func idle(_ entry: ConfigurationFolder.Entry) -> DisplayEntry {
    switch entry.settings {
    case .success(let settings): DisplayEntry(name: entry.name, settings: settings, reason: "the daemon does not run")
    case .failure(let failure): DisplayEntry(name: entry.name, failure: failure)
    }
  }

  var table: String {
    if displays.isEmpty { return "No display is enabled. Enable one with: gvt-vnc enable NAME SPEC" }
    let head = ["NAME", "SOURCE", "LISTENER", "VIEWERS", "RESOLUTION", "FPS", "STATE"]
    let rows = displays.map { display in
      [
        display.name, display.source ?? "-", display.listeners.isEmpty ? "-" : display.listeners.joined(separator: ","),
        "\(display.viewers.count)", display.sizeText, display.framesText, display.stateText,
      ]
    }
    return Table.text([head] + rows)
  }
}

/// The same values for scripts.
enum JSONReport {
  static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(value) else {
      preconditionFailure("a report has nothing that JSON cannot say")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
