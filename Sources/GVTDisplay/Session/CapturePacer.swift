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

  /// Three looks, each within this time of the one before, that all found a change saw something move.
  private static let motionGap: Int64 = .milliseconds(60)
  /// A second look comes so soon after a change that came alone, but not each time: a blinking text cursor must not cost
  /// what a film does.
  private static let secondLook: Int64 = .milliseconds(50)
  private static let betweenSecondLooks: Int64 = .milliseconds(1000)

  private var allowedAt = Instant(nanoseconds: .min / 2)
  private var lastCapture = Instant(nanoseconds: .min / 2)
  private var lastActivity = Instant(nanoseconds: .min / 2)
  private var isAnnounced = true
  private var changesInARow = 0
  private var owesSecondLook = false
  private var lastSecondLook = Instant(nanoseconds: .min / 2)

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
    noteMotion(at: now, changed: changed)
    lastCapture = now
    isAnnounced = false
  }

  private mutating func noteMotion(at now: Instant, changed: Bool) {
    owesSecondLook = false
    let isClose = now - lastCapture <= Self.motionGap
    changesInARow = changed ? (isClose ? changesInARow + 1 : 1) : 0
    switch changesInARow {
    case 0: break
    case 1:
      guard now - lastSecondLook >= Self.betweenSecondLooks else { return }
      owesSecondLook = true
      lastSecondLook = now
    case 2: owesSecondLook = true
    default: lastActivity = now
    }
  }

  /// When the next capture is due; nil if only an announcement can make one due.
  package func nextCapture(_ pacing: SourcePacing, at now: Instant) -> Instant? {
    if isAnnounced { return allowedAt }
    switch pacing {
    case .announced: return nil
    case .polled:
      guard let slower = backOff(at: now) else { return allowedAt }
      return max(allowedAt, lastCapture + (owesSecondLook ? min(Self.secondLook, slower) : slower))
    }
  }

  private func backOff(at now: Instant) -> Int64? {
    let still = now - lastActivity
    return Self.backOff.first { still >= $0.after }?.interval
  }
}
