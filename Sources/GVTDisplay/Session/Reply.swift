// One answer from the display thread to a thread that waits for it.
import Dispatch
import GVTCore

/// Filled once by one thread, waited for by another.
final class Reply<Answer: Sendable>: Sendable {
  private let answer = Locked<Answer?>(nil)
  private let isGiven = DispatchSemaphore(value: 0)

  func give(_ answer: Answer) {
    self.answer.withLock { $0 = answer }
    isGiven.signal()
  }

  /// The answer, or nil if there was none in time.
  func wait(milliseconds: Int) -> Answer? {
    guard isGiven.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return nil }
    return answer.withLock { $0 }
  }
}
