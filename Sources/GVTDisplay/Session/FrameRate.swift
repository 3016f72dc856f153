// Frames per second as a report shows them.
import GVTCore

/// Counts frames over windows of a second.
struct FrameRate {
  private var windowStart: Instant
  private var count = 0
  private var last = 0.0

  init(at now: Instant) { windowStart = now }

  mutating func note(at now: Instant) {
    roll(at: now)
    count += 1
  }

  mutating func framesPerSecond(at now: Instant) -> Double {
    roll(at: now)
    return last
  }

  private mutating func roll(at now: Instant) {
    let elapsed = now - windowStart
    guard elapsed >= .milliseconds(1000) else { return }
    last = elapsed > .milliseconds(3000) ? 0 : (Double(count) * 1e10 / Double(elapsed)).rounded() / 10
    count = 0
    windowStart = now
  }
}
