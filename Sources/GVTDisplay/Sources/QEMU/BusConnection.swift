// A peer-to-peer D-Bus connection by sd-bus, driven by an event loop: no bus daemon, no thread, nothing that blocks.
import CSystemd
import GVTCore
import Glibc

/// One end of a peer-to-peer connection. Stays on its loop's thread.
///
/// QEMU is the authentication server on its display connections, and on the listener sockets that it is given too.
@safe final class BusConnection {
  enum Role { case client, server }

  typealias Completion = (_ result: borrowing BusMessageResult) -> Void

  /// A call that waits for its answer; sd-bus holds a pointer to it.
  private final class PendingCall {
    unowned let connection: BusConnection
    let doing: String
    let completion: Completion
    init(_ connection: BusConnection, _ doing: String, _ completion: @escaping Completion) {
      self.connection = connection
      self.doing = doing
      self.completion = completion
    }
  }

  private let bus: OpaquePointer
  private let loop: EventLoop
  private let raw: Int32
  private var isOpen = true
  private var timer: EventLoop.TimerID?
  private var pending: [ObjectIdentifier: PendingCall] = [:]
  private var handlers: [String: (borrowing BusMessage) -> BusReply] = [:]
  /// Gets every signal.
  var onSignal: ((borrowing BusMessage) -> Void)?
  /// Called once, when the connection has failed or the peer has gone.
  var onClosed: ((BusFailure) -> Void)?

  /// Begins a connection over a connected stream socket.
  init(_ socket: consuming OwnedDescriptor, as role: Role = .client, on loop: EventLoop) throws(BusFailure) {
    self.loop = loop
    var bus: OpaquePointer?
    try Self.succeed("sd_bus_new", unsafe sd_bus_new(&bus))
    guard let bus = unsafe bus else { throw BusFailure(doing: "sd_bus_new", reason: "no memory") }
    unsafe self.bus = bus
    raw = socket.release()
    try Self.succeed("sd_bus_set_fd", unsafe sd_bus_set_fd(bus, raw, raw))
    try Self.succeed("sd_bus_negotiate_fds", unsafe sd_bus_negotiate_fds(bus, 1))
    if role == .server {
      var id = sd_id128_t()
      unsafe sd_id128_randomize(&id)
      try Self.succeed("sd_bus_set_server", unsafe sd_bus_set_server(bus, 1, id))
    } else {
      try Self.succeed("sd_bus_set_bus_client", unsafe sd_bus_set_bus_client(bus, 0))
    }
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try Self.succeed(
      "sd_bus_add_filter",
      unsafe sd_bus_add_filter(
        bus, nil, { message, context, _ in unsafe BusConnection.arrived(message, at: context) }, context))
    try Self.succeed("sd_bus_start", unsafe sd_bus_start(bus))
    do {
      try loop.watch(raw) { [weak self] _ in self?.process() }
    } catch {
      throw BusFailure(doing: "watching a bus", reason: error.description)
    }
    arm()
  }

  deinit {
    close()
    unsafe sd_bus_close_unref(bus)
  }

  /// Answers calls to the object at `path`.
  func serve(_ path: String, _ handler: @escaping (borrowing BusMessage) -> BusReply) { handlers[path] = handler }

  /// Calls a method and goes on; `completion` gets the answer, or why there is none within `limit` nanoseconds.
  func call(
    _ path: String, _ interface: String, _ member: String, _ arguments: [BusValue] = [],
    limit: Int64 = .milliseconds(5000), _ completion: @escaping Completion
  ) {
    let call = PendingCall(self, member, completion)
    do throws(BusFailure) {
      guard isOpen else { throw BusFailure(doing: member, reason: "the connection is closed") }
      // sd_bus_send would block until the peer has said whether it takes descriptors.
      if arguments.contains(where: \.hasDescriptor), unsafe sd_bus_is_ready(bus) <= 0 {
        throw BusFailure(doing: member, reason: "the connection is not there yet")
      }
      var message: OpaquePointer?
      try Self.succeed(member, unsafe sd_bus_message_new_method_call(bus, &message, nil, path, interface, member))
      guard let message = unsafe message else { return }
      let draft = unsafe BusDraft(owning: message)
      try draft.append(arguments)
      let context = unsafe Unmanaged.passUnretained(call).toOpaque()
      try Self.succeed(
        member,
        unsafe sd_bus_call_async(
          bus, nil, draft.message, { message, context, _ in unsafe BusConnection.answered(message, to: context) },
          context, UInt64(limit / 1000)))
      pending[ObjectIdentifier(call)] = call
      arm()
    } catch {
      completion(.failure(error))
    }
  }

  /// Sends a signal.
  func emit(_ path: String, _ interface: String, _ member: String, _ arguments: [BusValue]) throws(BusFailure) {
    var message: OpaquePointer?
    try Self.succeed(member, unsafe sd_bus_message_new_signal(bus, &message, path, interface, member))
    guard let message = unsafe message else { return }
    let draft = unsafe BusDraft(owning: message)
    try draft.append(arguments)
    try Self.succeed(member, unsafe sd_bus_send(bus, draft.message, nil))
    arm()
  }

  /// Hangs up. What waits for an answer is dropped without one.
  func close() {
    guard isOpen else { return }
    isOpen = false
    loop.unwatch(raw)
    loop.cancel(timer)
    pending = [:]
    handlers = [:]
    onSignal = nil
    onClosed = nil
    unsafe sd_bus_close(bus)
  }

  private func fail(_ failure: BusFailure) {
    guard isOpen else { return }
    let waiting = pending.values
    let closed = onClosed
    close()
    for call in waiting { call.completion(.failure(failure)) }
    closed?(failure)
  }

  /// Handles some of what has arrived, so that a flood leaves the loop time for others.
  private func process() {
    for _ in 0..<32 {
      guard isOpen else { return }
      let code = unsafe sd_bus_process(bus, nil)
      if code < 0 {
        return fail(BusFailure(doing: "talking to QEMU's display", reason: SystemFailure("sd-bus", -code).reason))
      }
      if code == 0 { break }
    }
    arm()
  }

  /// Waits for what sd-bus says it needs next.
  private func arm() {
    guard isOpen else { return }
    loop.cancel(timer)
    timer = nil
    let events = unsafe sd_bus_get_events(bus)
    var deadline = UInt64.max
    let code = unsafe sd_bus_get_timeout(bus, &deadline)
    guard events >= 0, code >= 0 else {
      timer = loop.schedule(after: 0) { [weak self] in
        self?.fail(BusFailure(doing: "talking to QEMU's display", reason: "the connection broke"))
      }
      return
    }
    var interest: EventLoop.Readiness = []
    if events & POLLIN != 0 { interest.insert(.readable) }
    if events & POLLOUT != 0 { interest.insert(.writable) }
    try? loop.rewatch(raw, for: interest)
    guard code > 0, deadline != .max else { return }
    // Microseconds of CLOCK_MONOTONIC; 0 when messages are queued within sd-bus.
    let nanoseconds = Int64(clamping: deadline.multipliedReportingOverflow(by: 1000).partialValue)
    timer = loop.schedule(at: Instant(nanoseconds: nanoseconds)) { [weak self] in self?.process() }
  }

  /// Every message that is not an answer to one of ours.
  private static func arrived(_ message: OpaquePointer?, at context: UnsafeMutableRawPointer?) -> Int32 {
    guard let message = unsafe message, let context = unsafe context else { return 0 }
    let connection = unsafe Unmanaged<BusConnection>.fromOpaque(context).takeUnretainedValue()
    let readable = unsafe BusMessage(message)
    if readable.isSignal {
      connection.onSignal?(readable)
      return 0
    }
    guard unsafe sd_bus_message_is_method_call(message, nil, nil) > 0,
      let handler = connection.handlers[readable.path]
    else { return 0 }
    let reply = handler(readable)
    if reply == .unknown { return 0 }
    if connection.isOpen, unsafe sd_bus_message_get_expect_reply(message) > 0 {
      unsafe try? connection.answer(message, with: reply)
    }
    return 1
  }

  private func answer(_ call: OpaquePointer, with reply: BusReply) throws(BusFailure) {
    var message: OpaquePointer?
    var values: [BusValue] = []
    switch reply {
    case .values(let returned):
      values = returned
      try Self.succeed("a reply", unsafe sd_bus_message_new_method_return(call, &message))
    case .error(let name, let sentence):
      var error = unsafe sd_bus_error()
      defer { unsafe sd_bus_error_free(&error) }
      unsafe sd_bus_error_set(&error, name, sentence)
      try Self.succeed("a reply", unsafe sd_bus_message_new_method_error(call, &message, &error))
    case .unknown: return
    }
    guard let message = unsafe message else { return }
    let draft = unsafe BusDraft(owning: message)
    try draft.append(values)
    try Self.succeed("a reply", unsafe sd_bus_send(bus, draft.message, nil))
  }

  private static func answered(_ message: OpaquePointer?, to context: UnsafeMutableRawPointer?) -> Int32 {
    guard let message = unsafe message, let context = unsafe context else { return 0 }
    let call = unsafe Unmanaged<PendingCall>.fromOpaque(context).takeUnretainedValue()
    guard call.connection.pending.removeValue(forKey: ObjectIdentifier(call)) != nil else { return 1 }
    let readable = unsafe BusMessage(message)
    if let failure = readable.failure(doing: call.doing) {
      call.completion(.failure(failure))
    } else {
      call.completion(.answer(readable))
    }
    return 1
  }

  private static func succeed(_ doing: String, _ code: Int32) throws(BusFailure) {
    if code < 0 { throw BusFailure(doing: doing, reason: SystemFailure("sd-bus", -code).reason) }
  }
}

/// What became of a call.
enum BusMessageResult: ~Copyable {
  case answer(BusMessage)
  case failure(BusFailure)
}
