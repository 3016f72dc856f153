// The socket where a VMM finds a vGPU, and the thread that serves whoever comes.
import Glibc
import Synchronization

/// Hands a PCI function to one vfio-user client at a time, one after the other for ever.
package final class VFIOUserServer: Sendable {
  /// What the owner may want to show or to act on. Told on the server's thread.
  package enum Event: Equatable, Sendable {
    /// A client has connected: the vGPU has just been powered on.
    case connected
    /// The client is gone, and the guest's memory with it.
    case disconnected(reason: String)
    /// Guest memory was mapped or unmapped: what was known of pages' places is void.
    case memoryChanged
    /// A client did something that is not right, or could not be served; once for each kind and connection.
    case warning(String)
  }

  private let patience: Int64

  private let path: String
  private let mode: UInt32
  private let group: UInt32?
  private let function: PCIFunction
  private let clock: any Clock
  private let onEvent: @Sendable (Event) -> Void
  private let wakeUp: WakeUp
  private let isStopping = Atomic(false)
  private let hasEnded = Locked(true)
  private let ended: WakeUp

  /// Does not listen yet. The socket is for this user, or `mode` and `group`. A client that stops in the middle of a
  /// message, or that does not take an answer, is hung up on after `patience` nanoseconds.
  package init(
    path: String, function: PCIFunction, mode: UInt32 = 0o600, group: UInt32? = nil,
    patience: Int64 = .milliseconds(5000), clock: any Clock = MonotonicClock(),
    onEvent: @escaping @Sendable (Event) -> Void
  ) throws(SystemFailure) {
    self.path = path
    self.mode = mode
    self.group = group
    self.function = function
    self.patience = patience
    self.clock = clock
    self.onEvent = onEvent
    wakeUp = try WakeUp()
    ended = try WakeUp()
  }

  /// Listens, and serves on a thread of its own until ``stop()``. A socket that nobody listens at any more is replaced.
  package func start() throws(SystemFailure) {
    try Self.removeStale(path)
    let listener = SharedDescriptor(try LocalSocket.listening(at: path, mode: mode, group: group))
    hasEnded.withLock { $0 = false }
    _ = try Thread(named: "vfio-user") { [self] in
      serve(listener)
      try? Files.remove(path)
      hasEnded.withLock { $0 = true }
      ended.signal()
    }
  }

  /// Hangs up and takes the socket away; when it returns the thread is done. Any thread but the server's own.
  package func stop() {
    isStopping.store(true, ordering: .releasing)
    wakeUp.signal()
    while !hasEnded.withLock({ $0 }) { ended.wait(atMost: .milliseconds(100)) }
  }

  /// A socket file without a listener is what a killed process leaves; anything else is not ours to remove.
  private static func removeStale(_ path: String) throws(SystemFailure) {
    guard let identity = try NamedFile(path).identity() else { return }
    guard identity.isSocket else { throw SystemFailure("bind", EEXIST) }
    do throws(SystemFailure) {
      _ = try LocalSocket.connected(to: path, timeoutSeconds: 1)
    } catch  where error.code == ECONNREFUSED {
      return try NamedFile(path).remove()
    } catch {
      throw error
    }
    throw SystemFailure("bind", EADDRINUSE)
  }

  // MARK: - The server's thread

  private var mustStop: Bool { isStopping.load(ordering: .acquiring) }

  private func serve(_ listener: SharedDescriptor) {
    while !mustStop {
      _ = ThreeWayWait.wait(for: nil, newcomers: listener.raw, wakeUp: wakeUp, atMost: nil)
      guard !mustStop else { return }
      guard let connection = LocalSocket.accepted(from: listener.owned) else {
        // Whoever knocked is gone, or there are no descriptors left: no reason to spin.
        wakeUp.wait(atMost: .milliseconds(100))
        continue
      }
      let session: ServedClient
      do {
        session = ServedClient(stream: try MessageStream(connection), session: ClientSession(function))
      } catch {
        onEvent(.warning("a client could not be served: \(error)"))
        continue
      }
      onEvent(.connected)
      let reason = converse(session, listener)
      function.detach()
      onEvent(.memoryChanged)
      onEvent(.disconnected(reason: reason))
    }
  }

  /// The stream and the session of the client that is being served.
  private struct ServedClient: ~Copyable {
    var stream: MessageStream
    var session: ClientSession
  }

  /// Serves a client until its end, and says why it came.
  private func converse(_ start: consuming ServedClient, _ listener: SharedDescriptor) -> String {
    var client = start
    while true {
      switch client.stream.receive() {
      case .message:
        let hasAnswer = client.session.answer(client.stream.header, client.stream.body, client.stream.descriptors)
        client.stream.finishMessage()
        if hasAnswer, let reason = send(&client) { return reason }
      case .end(let reason): return reason
      case .nothing:
        tell(&client.session)
        if let reason = waitForMore(client, listener) { return reason }
      }
      if mustStop { return "the vGPU is being shut down" }
    }
  }

  /// Sends the answer whole; why it could not.
  private func send(_ client: inout ServedClient) -> String? {
    var position = 0
    let count = client.session.replyCount
    var deadline: Instant?
    while true {
      let descriptor = client.session.replyDescriptor
      guard let next = client.stream.send(client.session.reply, from: position, count: count, with: descriptor) else {
        return "it hung up before its answer"
      }
      if next == count { return nil }
      position = next
      let limit = deadline ?? clock.now + patience
      deadline = limit
      if mustStop { return "the vGPU is being shut down" }
      if clock.now >= limit { return "it does not take its answers" }
      _ = ThreeWayWait.wait(
        for: client.stream.raw, forWriting: true, newcomers: nil, wakeUp: wakeUp, atMost: limit - clock.now)
    }
  }

  private func tell(_ session: inout ClientSession) {
    if session.memoryChanged {
      session.memoryChanged = false
      onEvent(.memoryChanged)
    }
    guard !session.warnings.isEmpty else { return }
    for words in session.warnings { onEvent(.warning("the VMM sent \(words)")) }
    session.warnings = []
  }

  /// Sleeps until there is something to receive, raising the interrupts that fall due meanwhile. Why to hang up, if so.
  private func waitForMore(_ client: borrowing ServedClient, _ listener: SharedDescriptor) -> String? {
    let limit = client.stream.isMidMessage ? clock.now + patience : nil
    while true {
      function.device.advance()
      let deadline = [limit, function.device.nextDeadline].compactMap { $0 }.min()
      let ready = ThreeWayWait.wait(
        for: client.stream.raw, newcomers: listener.raw, wakeUp: wakeUp, atMost: deadline.map { $0 - clock.now })
      if ready.contains(.peer) || mustStop { return nil }
      if ready.contains(.newcomer) { refuseNewcomer(listener) }
      if ready.contains(.wakeUp) { wakeUp.acknowledge() }
      if let limit, clock.now >= limit { return "it stopped in the middle of a message" }
    }
  }

  /// A device is in one machine. Hanging up is an answer that a second client understands at once.
  private func refuseNewcomer(_ listener: SharedDescriptor) {
    guard LocalSocket.accepted(from: listener.owned) != nil else { return }
    onEvent(.warning("a second client connected, and was refused: the vGPU is in use"))
  }
}
