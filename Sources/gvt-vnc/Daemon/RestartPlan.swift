// When a display that ended is started again. Pure: it is told the time.
import GVTCore

/// Back-off: each time a display ends soon after its start the wait doubles, from 0.2 s to 30 s; one that was
/// healthy for a minute begins anew.
struct RestartPlan: Equatable, Sendable {
  static let shortestWait = Int64.milliseconds(200)
  static let longestWait = Int64.milliseconds(30_000)
  static let healthyAfter = Int64.milliseconds(60_000)

  /// How often it was started again.
  private(set) var restarts = 0
  private var wait = Self.shortestWait
  private var startedAt: Instant?

  mutating func started(at now: Instant) { startedAt = now }

  /// It ended: when to start it again.
  mutating func ended(at now: Instant) -> Instant {
    if let startedAt, now - startedAt >= Self.healthyAfter { wait = Self.shortestWait }
    startedAt = nil
    let next = now + wait
    wait = min(wait * 2, Self.longestWait)
    restarts += 1
    return next
  }
}
