// Time as the whole package counts it: nanoseconds of CLOCK_MONOTONIC, from a clock that tests can replace.
import CLinux
import Glibc

/// A point in time: nanoseconds of a clock that only goes forward.
package struct Instant: Comparable, Hashable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  /// Nanoseconds from `b` to `a`.
  package static func - (a: Instant, b: Instant) -> Int64 { a.nanoseconds - b.nanoseconds }
  package static func + (a: Instant, nanoseconds: Int64) -> Instant {
    Instant(nanoseconds: a.nanoseconds + nanoseconds)
  }
}

/// A source of ``Instant``s. There are two: the machine's and a test's.
package protocol Clock: Sendable {
  var now: Instant { get }
}

/// CLOCK_MONOTONIC.
package struct MonotonicClock: Clock {
  package init() {}

  package var now: Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock {
  private let current: Locked<Int64>

  package init(_ start: Int64 = 0) { current = Locked(start) }

  package var now: Instant { Instant(nanoseconds: current.withLock { $0 }) }
  package func advance(nanoseconds: Int64) { current.withLock { $0 += nanoseconds } }
}

extension Int64 {
  /// This many milliseconds, in the nanoseconds that all durations are counted in.
  package static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
}
