// Whether a guest has to be looked at again and again, or shows by itself when it has drawn something.
import GVTCore

/// A guest that flips between surfaces announces each picture by a flip; one that draws into the surface on the screen,
/// as consoles and shadow frame buffers do, touches no register for it and has to be polled. Which one it is can only be
/// told from what it did last.
struct FlipPacing: Equatable {
  /// A guest that has not flipped for so long, in nanoseconds, is polled: three frames at 60 Hz.
  static let patience: Int64 = .milliseconds(50)

  private var lastFlip: Instant?

  mutating func noteFlip(at now: Instant) { lastFlip = now }

  /// When polling begins, if nothing is flipped until then; nil while the guest is polled.
  func end(at now: Instant) -> Instant? {
    guard let lastFlip, now < lastFlip + Self.patience else { return nil }
    return lastFlip + Self.patience
  }

  func pacing(at now: Instant) -> SourcePacing { end(at: now) == nil ? .polled : .announced }
}
