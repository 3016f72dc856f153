// The one way into the display thread from other threads.
import GVTCore

/// What other threads tell the display thread.
enum Mail: Sendable {
  case frontEnd(FrontEndEvent)
  /// A batch of ``UpdateEncoder`` is ready.
  case encoded(batch: UInt64, [EncodedUpdate])
  /// A viewer's socket has taken everything.
  case drained
  /// Something to do on the display thread.
  case perform(@Sendable (DisplaySession) -> Void)
}

/// An unbounded queue with a wake-up. What bounds it is each sender: a viewer has at most as many messages in it as its
/// connection reads ahead, and everything else comes once per answer.
final class Mailbox: Sendable {
  private let queue = Locked<[Mail]>([])
  let wakeUp: WakeUp

  init() throws(SystemFailure) { wakeUp = try WakeUp() }

  func post(_ mail: Mail) {
    let wasEmpty = queue.withLock { queue in
      queue.append(mail)
      return queue.count == 1
    }
    if wasEmpty { wakeUp.signal() }
  }

  /// Whether something waits to be read.
  var isEmpty: Bool { queue.withLock { $0.isEmpty } }

  func takeAll() -> [Mail] {
    wakeUp.acknowledge()
    return queue.withLock { queue in
      defer { queue.removeAll(keepingCapacity: true) }
      return queue
    }
  }
}
