// The wait for descriptors and deadlines.
import Testing

@testable import GVTCore

@Suite struct EventLoopTests {
  @Test func `deadlines run in order, and only when they are due`() throws {
    let clock = ManualClock()
    let loop = try EventLoop(clock: clock)
    var ran: [Int] = []
    loop.schedule(after: 20) { ran.append(2) }
    loop.schedule(after: 10) { ran.append(1) }
    let cancelled = loop.schedule(after: 15) { ran.append(3) }
    loop.cancel(cancelled)
    try loop.turn(waitingAtMost: 0)
    #expect(ran.isEmpty)
    clock.advance(nanoseconds: 30)
    try loop.turn(waitingAtMost: 0)
    #expect(ran == [1, 2])
  }

  @Test func `a wake-up from another thread ends the wait`() throws {
    let loop = try EventLoop()
    let wakeUp = try WakeUp()
    var woken = 0
    try loop.watch(wakeUp.descriptor) { _ in
      wakeUp.acknowledge()
      woken += 1
    }
    let thread = try Thread(named: "waker") { wakeUp.signal() }
    try loop.turn(waitingAtMost: .milliseconds(10_000))
    thread.join()
    #expect(woken == 1)
    try loop.turn(waitingAtMost: 0)
    #expect(woken == 1)
  }

  @Test func `a handler may forget a descriptor that is ready in the same turn`() throws {
    let loop = try EventLoop()
    let (a, b) = (try WakeUp(), try WakeUp())
    var calls = 0
    for (one, other) in [(a, b), (b, a)] {
      try loop.watch(one.descriptor) { _ in
        calls += 1
        loop.unwatch(other.descriptor)
      }
    }
    a.signal()
    b.signal()
    try loop.turn(waitingAtMost: 0)
    #expect(calls == 1)
  }
}
