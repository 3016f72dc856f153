// One thread's wait for descriptors and deadlines: epoll, nothing hidden behind it.
import CLinux
import Glibc

/// Watches descriptors and deadlines for the one thread that runs it. Not Sendable: other threads reach it
/// through a ``WakeUp`` that it watches.
package final class EventLoop {
  /// What a watched descriptor is ready for. Errors and hang-ups count as both.
  package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  }

  /// Names a pending deadline, to cancel it.
  package struct TimerID: Hashable { fileprivate let number: UInt64 }

  private struct Timer {
    let id: TimerID
    let deadline: Instant
    let action: () -> Void
  }

  private let epoll: OwnedDescriptor
  private var handlers: [Int32: (Readiness) -> Void] = [:]
  private var timers: [Timer] = []
  private var nextTimer: UInt64 = 1
  private let clock: any Clock
  private var isStopped = false

  package init(clock: any Clock = MonotonicClock()) throws(SystemFailure) {
    self.clock = clock
    epoll = OwnedDescriptor(
      owning: try check("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
  }

  package var now: Instant { clock.now }

  /// Calls `handler` on this thread whenever `descriptor` is ready. The caller keeps it open until ``unwatch(_:)``.
  package func watch(
    _ descriptor: Int32, for interest: Readiness = .readable, _ handler: @escaping (Readiness) -> Void
  ) throws(SystemFailure) {
    let isNew = handlers[descriptor] == nil
    try control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, interest)
    handlers[descriptor] = handler
  }

  /// Changes what a watched descriptor is watched for.
  package func rewatch(_ descriptor: Int32, for interest: Readiness) throws(SystemFailure) {
    guard handlers[descriptor] != nil else { return }
    try control(EPOLL_CTL_MOD, descriptor, interest)
  }

  /// Forgets a descriptor. Call before closing it.
  package func unwatch(_ descriptor: Int32) {
    guard handlers.removeValue(forKey: descriptor) != nil else { return }
    epoll_ctl(epoll.raw, EPOLL_CTL_DEL, descriptor, nil)
  }

  /// Runs `action` once, at `deadline` or as soon after it as the thread is free.
  @discardableResult
  package func schedule(at deadline: Instant, _ action: @escaping () -> Void) -> TimerID {
    let id = TimerID(number: nextTimer)
    nextTimer += 1
    let index = timers.firstIndex { $0.deadline > deadline } ?? timers.endIndex
    timers.insert(Timer(id: id, deadline: deadline, action: action), at: index)
    return id
  }

  /// Runs `action` once, `delay` nanoseconds from now.
  @discardableResult
  package func schedule(after delay: Int64, _ action: @escaping () -> Void) -> TimerID {
    schedule(at: now + delay, action)
  }

  package func cancel(_ id: TimerID?) {
    guard let id else { return }
    timers.removeAll { $0.id == id }
  }

  /// Runs until ``stop()``.
  package func run() throws(SystemFailure) {
    while !isStopped { try turn() }
  }

  package func stop() { isStopped = true }

  /// Waits for the next descriptor or deadline, at most `limit` nanoseconds, and runs what is due.
  package func turn(waitingAtMost limit: Int64? = nil) throws(SystemFailure) {
    for (descriptor, ready) in try wait(timeout(limit)) {
      // A handler that ran before in this turn may have unwatched this one.
      handlers[descriptor]?(ready)
    }
    runDueTimers()
  }

  private func wait(_ nanoseconds: Int64?) throws(SystemFailure) -> [(Int32, Readiness)] {
    var failure: SystemFailure?
    let ready = unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 32) {
      events -> [(Int32, Readiness)] in
      let count = unsafe waitForEvents(events, nanoseconds)
      if count < 0 && errno != EINTR { failure = SystemFailure("epoll_wait") }
      return unsafe events.prefix(Int(max(0, count))).map { event in
        let isBroken = unsafe event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let ready: Readiness =
          unsafe isBroken ? [.readable, .writable] : Readiness(rawValue: event.events)
        return unsafe (event.data.fd, ready)
      }
    }
    if let failure { throw failure }
    return ready
  }

  private func runDueTimers() {
    let now = clock.now
    while let first = timers.first, first.deadline <= now {
      timers.removeFirst()
      first.action()
    }
  }

  private func timeout(_ limit: Int64?) -> Int64? {
    guard let first = timers.first else { return limit }
    let untilTimer = max(0, first.deadline - clock.now)
    return min(limit ?? untilTimer, untilTimer)
  }

  /// epoll_wait counts in milliseconds, too coarse to pace 60 frames a second; epoll_pwait2 (Linux 5.11) counts in
  /// nanoseconds.
  @unsafe private func waitForEvents(
    _ events: UnsafeMutableBufferPointer<epoll_event>, _ nanoseconds: Int64?
  ) -> Int32 {
    guard let nanoseconds else { return unsafe epoll_wait(epoll.raw, events.baseAddress, 32, -1) }
    var timeout = timespec()
    timeout.tv_sec = Int(nanoseconds / 1_000_000_000)
    timeout.tv_nsec = Int(nanoseconds % 1_000_000_000)
    let count = unsafe epoll_pwait2(epoll.raw, events.baseAddress, 32, &timeout, nil)
    guard count < 0 && errno == ENOSYS else { return count }
    return unsafe epoll_wait(epoll.raw, events.baseAddress, 32, Int32(clamping: (nanoseconds + 999_999) / 1_000_000))
  }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ interest: Readiness
  ) throws(SystemFailure) {
    var event = unsafe epoll_event()
    unsafe event.events = interest.rawValue
    unsafe event.data.fd = descriptor
    try check("epoll_ctl") { unsafe epoll_ctl(epoll.raw, operation, descriptor, &event) }
  }
}

/// Wakes an ``EventLoop`` from any thread: an eventfd.
package final class WakeUp: Sendable {
  private let event: OwnedDescriptor

  package init() throws(SystemFailure) {
    let flags = Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)
    event = OwnedDescriptor(owning: try check("eventfd") { eventfd(0, flags) })
  }

  /// The descriptor to watch for reading.
  package var descriptor: Int32 { event.raw }

  /// Makes the descriptor readable. Any thread; never blocks.
  package func signal() {
    var one: UInt64 = 1
    _ = unsafe write(event.raw, &one, 8)
  }

  /// Makes the descriptor unreadable again.
  package func acknowledge() {
    var count: UInt64 = 0
    _ = unsafe read(event.raw, &count, 8)
  }
}
