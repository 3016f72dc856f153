// A client of QEMU's machine protocol (docs/interop/qmp-spec) on an event loop: greeting, commands by number, events.
import GVTCore

/// Why a QMP connection is no more.
enum QMPEnding: Error, Equatable {
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
enum QMPAnswer: Equatable {
  /// Done; the answer's field `status`, where it has one.
  case done(status: String?)
  /// In QEMU's words.
  case refused(String)
}

/// One connection. Ends once, then says nothing more. Stays on its loop's thread.
final class QMPConnection {
  /// The longest line we take, in bytes: a hundred times what our own commands can bring.
  static let longestLine = 256 << 10
  /// How long QEMU may take to greet, in nanoseconds. An idle one needs a millisecond.
  static let greetingLimit: Int64 = .milliseconds(2000)

  /// What the owner hears.
  struct Events {
    /// The connection is ready for commands; the version of QEMU.
    var ready: (String) -> Void
    var event: (QMPEvent) -> Void
    var ended: (QMPEnding) -> Void
  }

  private struct Outgoing {
    var bytes: ArraySlice<UInt8>
    var passed: SharedDescriptor?
  }

  private let loop: EventLoop
  private let events: Events
  private var socket: QMPSocket?
  private var line: [UInt8] = []
  private var outgoing: [Outgoing] = []
  private var waiting: [Int: (QMPAnswer) -> Void] = [:]
  private var nextCommand = 1
  private var version: String?
  private var greetingTimer: EventLoop.TimerID?

  /// Connects to the socket at `path`.
  init(path: String, on loop: EventLoop, events: Events) throws(QMPEnding) {
    self.loop = loop
    self.events = events
    do {
      socket = try QMPSocket(connectingTo: path)
      try begin()
    } catch {
      // A full queue of waiting clients, which is a single place in QEMU's case.
      throw error.isWouldBlock ? .silent : .unreachable(error)
    }
  }

  /// Talks over a socket that is connected already.
  init(_ connected: consuming OwnedDescriptor, on loop: EventLoop, events: Events) throws(SystemFailure) {
    self.loop = loop
    self.events = events
    socket = QMPSocket(connected)
    try begin()
  }

  /// Runs a command without or with string arguments, handing over a descriptor where it takes one. `completion` is
  /// not called if the connection ends first.
  func execute(
    _ command: String, _ arguments: KeyValuePairs<String, String> = [:], passing passed: SharedDescriptor? = nil,
    completion: @escaping (QMPAnswer) -> Void
  ) {
    guard socket != nil else { return }
    let number = nextCommand
    nextCommand += 1
    waiting[number] = completion
    // All of these strings are our own constants: there is nothing to escape.
    let pairs = arguments.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    let text = "{\"execute\":\"\(command)\",\"arguments\":{\(pairs)},\"id\":\(number)}\r\n"
    outgoing.append(Outgoing(bytes: ArraySlice(text.utf8), passed: passed))
    flush()
  }

  /// Hangs up, silently.
  func close() {
    guard let raw = socket?.raw else { return }
    loop.unwatch(raw)
    loop.cancel(greetingTimer)
    socket = nil
    outgoing = []
    waiting = [:]
  }

  private func begin() throws(SystemFailure) {
    guard let raw = socket?.raw else { return }
    try loop.watch(raw) { [weak self] ready in
      if ready.contains(.writable) { self?.flush() }
      if ready.contains(.readable) { self?.receive() }
    }
    greetingTimer = loop.schedule(after: Self.greetingLimit) { [weak self] in self?.end(.silent) }
  }

  private func end(_ reason: QMPEnding) {
    guard socket != nil else { return }
    close()
    events.ended(reason)
  }

  private func receive() {
    switch socket?.receive() {
    case .bytes(let bytes): take(bytes)
    case .end: end(version == nil && !line.isEmpty ? .notQMP(Self.quote(line)) : .closed)
    case .nothingYet, nil: break
    }
  }

  private func take(_ bytes: [UInt8]) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, piece) in lines.enumerated() {
      line += piece
      guard line.count <= Self.longestLine else { return end(.notQMP("a line without an end")) }
      if index < lines.count - 1 {
        let whole = line
        line = []
        handle(whole)
        if socket == nil { return }
      }
    }
    // Others greet without ending the line: HMP with its prompt, a VNC server with its version.
    if version == nil, let first = line.first, first != UInt8(ascii: "{") { end(.notQMP(Self.quote(line))) }
  }

  private func handle(_ line: [UInt8]) {
    if line.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") }) { return }
    guard let message = QMPMessage(line: line) else { return end(.notQMP(Self.quote(line))) }
    switch message {
    case .greeting(let version) where self.version == nil: greeted(version)
    case .greeting, .other: break
    case .event(let event): events.event(event)
    case .success(let id, let status): waiting.removeValue(forKey: id)?(.done(status: status))
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

  private func flush() {
    do {
      while let next = outgoing.first, socket != nil {
        let sent = try socket?.send(next.bytes, passing: next.passed?.raw) ?? 0
        if sent == 0 { break }
        // The descriptor went along with the first byte.
        outgoing[0].passed = nil
        outgoing[0].bytes = next.bytes.dropFirst(sent)
        if outgoing[0].bytes.isEmpty { outgoing.removeFirst() }
      }
      guard let raw = socket?.raw else { return }
      try loop.rewatch(raw, for: outgoing.isEmpty ? .readable : [.readable, .writable])
    } catch {
      end(.closed)
    }
  }

  /// The beginning of what somebody said, fit for a message.
  private static func quote(_ line: [UInt8]) -> String {
    let text = line.prefix(40).map { (0x20...0x7e).contains($0) ? Character(Unicode.Scalar($0)) : "." }
    return "\"" + String(text) + "\""
  }
}
