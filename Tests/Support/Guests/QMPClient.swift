// A test's own conversation with a QEMU, beside the one of the display under test (QEMU's docs/interop/qmp-spec).
import Foundation

package final class QMPClient {
  private let connection: Connection
  /// Events that came and were not asked for yet.
  private var events: [[String: Any]] = []

  package init(_ path: String) throws {
    connection = try Connection(to: .unix(path: path), timeout: 60)
    _ = try nextMessage(within: 20)
    try execute("qmp_capabilities")
  }

  /// Runs a command and gives what it returned.
  @discardableResult
  package func execute(
    _ command: String, _ arguments: [String: Any] = [:], within seconds: Double = 20
  ) throws -> [String: Any] {
    let message: [String: Any] = ["execute": command, "arguments": arguments]
    try connection.write(Array(JSONSerialization.data(withJSONObject: message)) + [0x0a])
    let end = secondsNow() + seconds
    while true {
      let answer = try nextMessage(within: end - secondsNow())
      if let error = answer["error"] as? [String: Any] {
        throw TestFailure("QEMU refused \(command): \(error["desc"] ?? error)")
      }
      if let result = answer["return"] { return result as? [String: Any] ?? [:] }
      events.append(answer)
    }
  }

  /// The guest's run state, such as `running` or `suspended`.
  package func state() throws -> String { try execute("query-status")["status"] as? String ?? "" }

  /// Waits for an event, if it has not come already, and gives its data.
  @discardableResult
  package func waitForEvent(_ name: String, within seconds: Double = 20) throws -> [String: Any] {
    let end = secondsNow() + seconds
    while true {
      if let index = events.firstIndex(where: { $0["event"] as? String == name }) {
        return events.remove(at: index)["data"] as? [String: Any] ?? [:]
      }
      events.append(try nextMessage(within: end - secondsNow()))
    }
  }

  private func nextMessage(within seconds: Double) throws -> [String: Any] {
    var line: [UInt8] = []
    let end = secondsNow() + seconds
    while line.last != 0x0a {
      guard connection.isReadable(within: max(0, end - secondsNow())) else {
        throw TestFailure("QEMU did not answer in \(seconds) s")
      }
      line.append(try connection.byte())
    }
    return try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:]
  }
}
