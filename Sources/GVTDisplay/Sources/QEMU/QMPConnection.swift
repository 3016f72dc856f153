// A client of QEMU's machine protocol (docs/interop/qmp-spec) on an event loop: greeting, commands by number, events.
package import GVTCore
import Glibc

/// Why a QMP connection is no more.
package enum QMPEnding: Error, Equatable {
  /// Nobody listens there, or the path cannot be reached.
  case unreachable(SystemFailure)
  /// It was accepted, or queued, and nobody greets: QEMU talks to one client at a time.
  case silent
  /// Who answers speaks something else.
  case notQMP(String)
  /// QEMU went away.
  case closed
}

/// What became of a command.
package enum QMPAnswer: Equatable {
  case done(QMPReturn)
  /// In QEMU's words.
  case refused(String)
}

/// One connection. Ends once, then says nothing more. Stays on its loop's thread.
package final class QMPConnection {
  /// The longest line we take, in bytes: a hundred times what our own commands can bring.
  static let longestLine = 256 << 10
  /// How long QEMU may take to greet, in nanoseconds. An idle one needs a millisecond.
  static let greetingLimit: Int64 = .milliseconds(2000)

  /// What the owner hears.
  package struct Events {
    /// The connection is ready for commands; the version of QEMU.
    package var ready: (String) -> Void
    package var event: (QMPEvent) -> Void
    package var ended: (QMPEnding) -> Void

    package init(
      ready: @escaping (String) -> Void, event: @escaping (QMPEvent) -> Void, ended: @escaping (QMPEnding) -> Void
    ) {
      self.ready = ready
      self.event = event
      self.ended = ended
    }
  }

  /// One command as QEMU wants it.
  private struct Command<Arguments: Encodable>: Encodable {
    var execute: String
    var arguments: Arguments
    var id: Int
  }

  private let loop: EventLoop
  private let events: Events
  private var channel: LineChannel?
  private var waiting: [Int: (QMPAnswer) -> Void] = [:]
  private var nextCommand = 1
  private var version: String?
  private var greetingTimer: EventLoop.TimerID?

  /// Connects to the socket at `path`.
  package convenience init(path: String, on loop: EventLoop, events: Events) throws(QMPEnding) {
    do throws(SystemFailure) {
      try self.init(try LocalSocket.connecting(to: path), on: loop, events: events)
    } catch {
      // A full queue of waiting clients, which is a single place in QEMU's case.
      throw error.code == EAGAIN ? .silent : .unreachable(error)
    }
  }

  /// Talks over a socket that is connected already.
  package init(_ connected: consuming OwnedDescriptor, on loop: EventLoop, events: Events) throws(SystemFailure) {
    self.loop = loop
    self.events = events
    channel = try LineChannel(
      connected, on: loop, lineLimit: Self.longestLine,
      onLine: { [weak self] _, line in self?.handle(line) },
      onClose: { [weak self] channel in self?.lost(channel) })
    greetingTimer = loop.schedule(after: Self.greetingLimit) { [weak self] in self?.greetingIsLate() }
  }

  deinit { close() }

  /// Runs a command, handing over a descriptor where it takes one. `completion` is not called if the connection ends
  /// first.
  package func execute(
    _ command: String, _ arguments: some Encodable = [String: String](), passing passed: SharedDescriptor? = nil,
    completion: @escaping (QMPAnswer) -> Void
  ) {
    guard let channel else { return }
    let number = nextCommand
    nextCommand += 1
    waiting[number] = completion
    let line = JSONLine.encode(Command(execute: command, arguments: arguments, id: number))
    guard let passed else { return channel.send(line) }
    // It does not fail unless QEMU has stopped reading, and then it would not answer either.
    if !channel.send(line, with: passed) { end(.closed) }
  }

  /// Hangs up, silently.
  package func close() {
    loop.cancel(greetingTimer)
    waiting = [:]
    let open = channel
    channel = nil
    open?.close()
  }

  private func end(_ reason: QMPEnding) {
    guard channel != nil else { return }
    close()
    events.ended(reason)
  }

  private func lost(_ channel: LineChannel) {
    let rest = channel.unfinishedLine
    if rest.count > Self.longestLine { return end(.notQMP("a line without an end")) }
    end(version == nil && !rest.isEmpty ? .notQMP(Self.quote(rest)) : .closed)
  }

  /// Others greet without ending the line: HMP with its prompt, for one.
  private func greetingIsLate() {
    let rest = channel?.unfinishedLine ?? []
    end(rest.isEmpty ? .silent : .notQMP(Self.quote(rest)))
  }

  private func handle(_ line: String) {
    if line.allSatisfy({ $0 == "\r" || $0 == " " }) { return }
    guard let message = QMPMessage(line: line.utf8) else { return end(.notQMP(Self.quote(Array(line.utf8)))) }
    switch message {
    case .greeting(let version) where self.version == nil: greeted(version)
    case .greeting, .other: break
    case .event(let event): events.event(event)
    case .success(let id, let answer): waiting.removeValue(forKey: id)?(.done(answer))
    case .failure(let id, let description): waiting.removeValue(forKey: id)?(.refused(description))
    }
  }

  private func greeted(_ version: String) {
    self.version = version
    loop.cancel(greetingTimer)
    execute("qmp_capabilities") { [weak self] answer in
      guard let self else { return }
      switch answer {
      case .done: events.ready(version)
      case .refused(let words): end(.notQMP(words))
      }
    }
  }

  /// The beginning of what somebody said, fit for a message.
  private static func quote(_ line: [UInt8]) -> String {
    let text = line.prefix(40).map { (0x20...0x7e).contains($0) ? Character(Unicode.Scalar($0)) : "." }
    return "\"" + String(text) + "\""
  }
}
