// A command that runs in a host VM: the other end of Tests/Rig/guest/host-agent.c.
import Glibc
import Synchronization

/// A connection to the agent, past its greeting.
final class HostConnection: @unchecked Sendable {
  private let connection: Connection

  /// Tries again while the port's forwarder takes connections that nobody in the VM does.
  init(_ address: ServerAddress, within seconds: Double = 60) throws {
    let end = secondsNow() + seconds
    while true {
      do {
        let connection = try Connection(to: address)
        guard connection.isReadable(within: 10) else { throw TestFailure("the agent in the VM is silent") }
        guard try connection.read(5).first == UInt8(ascii: "h") else { throw TestFailure("not the agent in the VM") }
        self.connection = connection
        return
      } catch { guard secondsNow() < end else { throw error } }
      usleep(100_000)
    }
  }

  func send(_ kind: Unicode.Scalar, _ bytes: [UInt8] = []) throws {
    try connection.write([UInt8(ascii: kind)] + bytes32(bytes.count) + bytes)
  }

  /// Waits for what comes next, however long that takes.
  func next() throws -> (kind: UInt8, bytes: [UInt8]) {
    while !connection.isReadable(within: 60) {}
    let kind = try connection.byte()
    return (kind, try connection.read(try connection.u32()))
  }

  /// The agent then ends the command, and this side's reader ends.
  func close() { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
}

/// What a command has said so far; a thread of its own listens, so that no command ever waits for a test.
private final class HostCommandState: Sendable {
  struct State {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var processID: Int32?
    var status: Int32?
    var failure: String?
  }
  let state = Mutex(State())
  let connection: HostConnection

  init(_ connection: HostConnection) { self.connection = connection }

  func listen() {
    while state.withLock({ $0.status == nil }) {
      do {
        let (kind, bytes) = try connection.next()
        let number = Int32(truncatingIfNeeded: bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) })
        state.withLock {
          switch Unicode.Scalar(kind) {
          case "o": $0.output += bytes
          case "w": $0.errors += bytes
          case "p": $0.processID = number
          case "x": $0.status = number
          default: $0.failure = "the agent said \(kind)"
          }
        }
      } catch {
        return state.withLock { $0.failure = "\(error)" }
      }
    }
  }
}

/// One command in the VM. It ends with this object, and so do the processes that it left in its session.
package final class HostCommand {
  package let line: String
  private let shared: HostCommandState

  init(_ line: String, _ connection: HostConnection) throws {
    self.line = line
    let shared = HostCommandState(connection)
    self.shared = shared
    try connection.send("r", Array(line.utf8))
    startThread { shared.listen() }
  }

  deinit { shared.connection.close() }

  package var outputBytes: [UInt8] { shared.state.withLock { $0.output } }
  package var output: String { String(decoding: outputBytes, as: UTF8.self) }
  package var errors: String { String(decoding: shared.state.withLock { $0.errors }, as: UTF8.self) }
  /// Complete lines of its output so far.
  package var lines: [String] {
    output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
  /// The exit status, or 128 + signal number; nil while it runs.
  package var exitStatus: Int32? { shared.state.withLock { $0.status } }
  package var isRunning: Bool { shared.state.withLock { $0.status == nil && $0.failure == nil } }

  /// The process id in the VM: of the shell, and of the program where the line begins with `exec`.
  package func processID() throws -> Int32 {
    _ = poll(for: 20) { shared.state.withLock { $0.processID } != nil || !isRunning }
    guard let id = shared.state.withLock({ $0.processID }) else { throw TestFailure("'\(line)' did not start") }
    return id
  }

  /// For its standard input.
  package func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try shared.connection.send("i", Array(rest.prefix(1 << 15)))
      rest = rest.dropFirst(1 << 15)
    }
  }
  package func write(_ text: String) throws { try write(Array(text.utf8)) }
  package func endInput() throws { try shared.connection.send("e") }

  /// A signal for all its processes.
  package func signal(_ number: Int32) {
    if isRunning { try? shared.connection.send("s", [UInt8(truncatingIfNeeded: number)]) }
  }

  /// SIGTERM, and SIGKILL if that does not help in a few seconds.
  package func end() {
    guard isRunning else { return }
    signal(SIGTERM)
    if !poll(for: 8, until: { !isRunning }) { kill() }
  }

  /// SIGKILL, and waits for the end.
  package func kill() {
    signal(SIGKILL)
    _ = poll(for: 10, until: { !isRunning })
  }

  @discardableResult
  package func wait(within seconds: Double) throws -> Int32 {
    _ = poll(for: seconds) { !isRunning }
    if let exitStatus { return exitStatus }
    let why = shared.state.withLock { $0.failure } ?? "it still runs after \(seconds) s"
    throw TestFailure("'\(line)' in the VM: \(why); it said: \(output.suffix(1000)) \(errors.suffix(2000))")
  }

  /// The rest of the `number`th line of its output that begins with `prefix`, counted from 0.
  package func waitForLine(_ prefix: String, number: Int = 0, within seconds: Double = 30) throws -> String {
    var found: String?
    _ = poll(for: seconds) {
      // What it said is looked at after it was seen to have ended, not before.
      let isOver = !isRunning
      found = lines.filter { $0.hasPrefix(prefix) }.dropFirst(number).first
      return found != nil || isOver
    }
    if let found { return String(found.dropFirst(prefix.count)) }
    throw TestFailure(
      "'\(line)' in the VM did not print '\(prefix)' in \(seconds) s (status \(String(describing: exitStatus))): "
        + "\(output.suffix(1000)) \(errors.suffix(2000))")
  }
}
