// A QEMU that a command asks one thing after another, and waits for each answer.
import Foundation
import GVTCore
import GVTDisplay

/// A QMP connection for commands that have nothing else to do meanwhile.
final class QMPClient {
  /// How long QEMU may take for an answer, in seconds. Some commands stop threads and flush disks first.
  private static let patience = 60.0

  let path: String
  /// Who that is, to people: "the source".
  let role: String
  private let loop: EventLoop
  private var connection: QMPConnection?
  private var ending: QMPEnding?
  private var isReady = false
  private var events: [QMPEvent] = []
  /// Called every few seconds while somebody waits, for whoever must hear that we are still there.
  var keepAlive: () -> Void = {}
  private var lastSign = Instant(nanoseconds: .min / 2)
  private static let signInterval: Int64 = .milliseconds(10_000)

  init(path: String, as role: String) throws(CommandFailure) {
    self.path = path
    self.role = role
    do throws(SystemFailure) {
      loop = try EventLoop()
    } catch {
      throw CommandFailure(error, to: "set up a connection to \(path)")
    }
    let hearing = QMPConnection.Events(
      ready: { [weak self] _ in self?.isReady = true }, event: { [weak self] in self?.heard($0) },
      ended: { [weak self] in self?.ending = $0 })
    do throws(QMPEnding) {
      connection = try QMPConnection(path: path, on: loop, events: hearing)
    } catch {
      ending = error
    }
    guard try turn(upTo: Self.patience, until: { isReady }) else { throw silence }
  }

  private func heard(_ event: QMPEvent) {
    if events.count >= 256 { events.removeFirst() }
    events.append(event)
  }

  /// Runs a command and waits for what it returns.
  @discardableResult
  func run(
    _ command: String, _ arguments: some Encodable = [String: String](), passing file: SharedDescriptor? = nil
  ) throws(CommandFailure) -> QMPReturn {
    switch try attempt(command, arguments, passing: file) {
    case .done(let value): return value
    case .refused(let words): throw CommandFailure(.unavailable, "\(role) refuses \(command): \(words)")
    }
  }

  /// The same, with the refusal as an answer.
  func attempt(
    _ command: String, _ arguments: some Encodable = [String: String](), passing file: SharedDescriptor? = nil
  ) throws(CommandFailure) -> QMPAnswer {
    var answer: QMPAnswer?
    connection?.execute(command, arguments, passing: file) { answer = $0 }
    guard try turn(upTo: Self.patience, until: { answer != nil }), let answer else { throw silence }
    return answer
  }

  /// What a command returns, which must be of that kind.
  func ask<Value: Decodable>(
    _ command: String, _ arguments: some Encodable = [String: String](), as type: Value.Type = Value.self
  ) throws(CommandFailure) -> Value {
    guard let value: Value = try run(command, arguments).decode() else {
      throw CommandFailure(.unavailable, "\(role) answers \(command) with something else than expected")
    }
    return value
  }

  /// Waits for an event since the last call of ``forgetEvents()``; false if it does not come in time.
  func wait(
    for name: String, about device: String? = nil, upTo seconds: Double
  ) throws(CommandFailure) -> Bool {
    try turn(upTo: seconds) { events.contains { $0.name == name && (device == nil || $0.device == device) } }
  }

  func forgetEvents() { events = [] }

  /// Lets time pass, and hears what QEMU says meanwhile.
  func pause(seconds: Double) throws(CommandFailure) { _ = try turn(upTo: seconds) { false } }

  /// Ends QEMU.
  func quit() {
    connection?.execute("quit") { _ in }
    _ = try? turn(upTo: 5) { false }
  }

  func close() {
    connection?.close()
    connection = nil
  }

  /// True when `condition` holds, false when the time is over. Ends with the reason if QEMU goes away.
  private func turn(upTo seconds: Double, until condition: () -> Bool) throws(CommandFailure) -> Bool {
    let end = loop.now + Int64(seconds * 1e9)
    while true {
      if condition() { return true }
      if let ending { throw Self.failure(ending, self) }
      let left = min(end - loop.now, Self.signInterval)
      guard left > 0 else { return false }
      if loop.now - lastSign >= Self.signInterval {
        lastSign = loop.now
        keepAlive()
      }
      do throws(SystemFailure) {
        try loop.turn(waitingAtMost: left)
      } catch {
        throw CommandFailure(error, to: "wait for \(role)")
      }
    }
  }

  private var silence: CommandFailure {
    CommandFailure(.unavailable, "\(role) (QMP socket \(path)) does not answer")
  }

  private static func failure(_ ending: QMPEnding, _ client: QMPClient) -> CommandFailure {
    let (role, path) = (client.role, client.path)
    return switch ending {
    case .unreachable(let failure):
      CommandFailure(.unavailable, "there is no QEMU at \(path), which should be \(role): \(failure.reason)")
    case .silent:
      CommandFailure(
        .unavailable,
        "\(role) does not answer at \(path): QEMU serves one QMP client at a time, and another one is connected")
    case .notQMP(let words): CommandFailure(.unavailable, "\(path) is not a QMP socket: it says \(words)")
    case .closed: CommandFailure(.unavailable, "\(role) has ended")
    }
  }
}
