// The back-off of displays that end.
import GVTCore
import Testing

@testable import gvt_vnc

@Suite struct RestartPlanTests {
  private let clock = ManualClock()

  /// Runs for `lifetime` and ends; the wait that follows, in milliseconds.
  private func wait(_ plan: inout RestartPlan, after lifetime: Int64) -> Int64 {
    plan.started(at: clock.now)
    clock.advance(nanoseconds: .milliseconds(lifetime))
    return (plan.ended(at: clock.now) - clock.now) / .milliseconds(1)
  }

  @Test func `the wait doubles from a fifth of a second to half a minute`() {
    var plan = RestartPlan()
    let waits = (0..<10).map { _ in wait(&plan, after: 1) }
    #expect(waits == [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
    #expect(plan.restarts == 10)
  }

  @Test func `a display that was healthy for a minute begins anew`() {
    var plan = RestartPlan()
    for _ in 0..<5 { _ = wait(&plan, after: 1) }
    #expect(wait(&plan, after: 59_999) == 6400)
    #expect(wait(&plan, after: 60_000) == 200)
    #expect(wait(&plan, after: 1) == 400)
  }

  @Test func `one that could not even be started waits too`() {
    var plan = RestartPlan()
    #expect(plan.ended(at: clock.now) - clock.now == .milliseconds(200))
    #expect(plan.ended(at: clock.now) - clock.now == .milliseconds(400))
  }
}
