// Where a pipe is in its frame. One function of time gives the scan line, the frame count and the next vblank, so that
// they always agree.

/// The scan-out of a pipe that is on. Frames follow one another without drift from the moment it was turned on.
package struct VblankClock: Equatable, Sendable {
  package let timings: DisplayTimings
  /// When the first frame's first line began.
  package let start: Instant
  /// The frame count at the start.
  package let firstCount: Int64

  package init(_ timings: DisplayTimings, startingAt start: Instant, count: Int64) {
    self.timings = timings
    self.start = start
    firstCount = count
  }

  /// A scan-out whose present frame began `age` nanoseconds ago and whose counter is at `count`.
  package init(_ timings: DisplayTimings, at now: Instant, age: Int64, count: Int64) {
    self.init(timings, startingAt: now + -age, count: 0)
    self = VblankClock(timings, startingAt: start, count: count - frameCount(at: now))
  }

  /// How long ago the present frame began, in nanoseconds.
  package func age(at now: Instant) -> Int64 { elapsed(now) % timings.frameDuration }

  /// The line being shown: 0 is the first active one.
  package func scanLine(at now: Instant) -> Int {
    Int(age(at: now) * Int64(timings.totalLines) / timings.frameDuration)
  }

  /// The frame counter: it goes up by one at the start of every vblank.
  package func frameCount(at now: Instant) -> Int64 {
    let sinceVblank = elapsed(now) - activeDuration
    return sinceVblank < 0 ? firstCount : firstCount + sinceVblank / timings.frameDuration + 1
  }

  /// When the count becomes `count`, which must be greater than ``firstCount``.
  package func vblank(reaching count: Int64) -> Instant {
    start + (activeDuration + (count - firstCount - 1) * timings.frameDuration)
  }

  private func elapsed(_ now: Instant) -> Int64 { max(0, now - start) }

  /// From the top of a frame to its vblank; rounded up, so that the scan line has reached the blank by then.
  private var activeDuration: Int64 {
    let total = Int64(timings.totalLines)
    return (Int64(timings.activeLines) * timings.frameDuration + total - 1) / total
  }
}
