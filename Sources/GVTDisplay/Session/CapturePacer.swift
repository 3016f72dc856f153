// When to look at the source again: never unasked, never faster than allowed, ever slower while nothing changes.
package import GVTCore

/// Decides the time of the next capture. Pure: the display tells it what happens.
package struct CapturePacer: Equatable, Sendable {
  private let interval: Int64
  /// A still picture is looked at less and less often: after this many nanoseconds without a change, at this interval.
  private static let backOff: [(after: Int64, interval: Int64)] = [
    (.milliseconds(5000), .milliseconds(200)), (.milliseconds(1500), .milliseconds(100)),
    (.milliseconds(500), .milliseconds(50)),
  ]

  private var allowedAt = Instant(nanoseconds: .min / 2)
  private var lastCapture = Instant(nanoseconds: .min / 2)
  private var lastActivity = Instant(nanoseconds: .min / 2)
  private var isAnnounced = true

  package init(maxFramesPerSecond: Int) {
    interval = 1_000_000_000 / Int64(max(1, maxFramesPerSecond))
  }

  /// The source says that its picture may have changed.
  package mutating func announce() { isAnnounced = true }

  /// Somebody typed or moved the pointer, or a new viewer came: changes are near.
  package mutating func noteActivity(at now: Instant) { lastActivity = now }

  package mutating func noteCapture(at now: Instant, changed: Bool) {
    // One frame may come early by what the one before it was late, so that a guest's 60 flips a second, which never come
    // evenly, are not thinned out to 30.
    allowedAt = max(allowedAt, now + -interval) + interval
    lastCapture = now
    isAnnounced = false
    if changed { lastActivity = now }
  }

  /// When the next capture is due; nil if only an announcement can make one due.
  package func nextCapture(_ pacing: SourcePacing, at now: Instant) -> Instant? {
    if isAnnounced { return allowedAt }
    switch pacing {
    case .announced: return nil
    case .polled:
      guard let slower = backOff(at: now) else { return allowedAt }
      return max(allowedAt, lastCapture + slower)
    }
  }

  private func backOff(at now: Instant) -> Int64? {
    let still = now - lastActivity
    return Self.backOff.first { still >= $0.after }?.interval
  }
}
