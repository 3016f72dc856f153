// News on its way from a vGPU's threads to the display's.
import GVTCore

/// Collects what other threads have to say until the display's thread takes it. Nothing in it grows with how often they
/// say it.
final class Inbox<News: Sendable>: Sendable {
  let wakeUp: WakeUp
  private let empty: News
  private let news: Locked<News>

  init(_ empty: News) throws(SystemFailure) {
    wakeUp = try WakeUp()
    self.empty = empty
    news = Locked(empty)
  }

  /// Adds to the news. `change` says whether there is anything in it now that was not there before.
  func add(_ change: (inout News) -> Bool) {
    if news.withLock(change) { wakeUp.signal() }
  }

  func take() -> News {
    wakeUp.acknowledge()
    return news.withLock { news in
      defer { news = empty }
      return news
    }
  }
}

/// What a vGPU's effects mean for its picture.
struct PictureNews: Sendable {
  private(set) var isPictureChanged = false
  private(set) var isCursorChanged = false
  /// A plane was given a surface: the guest shows what it has drawn by flips.
  private(set) var hasFlipped = false

  /// True if this is new.
  mutating func add(_ effect: VirtualGPU.Effect) -> Bool {
    let wasKnown = (isPictureChanged, isCursorChanged)
    switch effect {
    case .planeChanged:
      isPictureChanged = true
      hasFlipped = true
    case .cursorChanged: isCursorChanged = true
    case .pipeChanged: (isPictureChanged, isCursorChanged) = (true, true)
    case .interrupt: break
    }
    return wasKnown != (isPictureChanged, isCursorChanged)
  }
}
