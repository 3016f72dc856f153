// A viewer that passed the handshake, as the display thread sees it: a way to send, and a way to hang up.
package import NIOCore

/// Names a viewer for as long as its process lives; never used twice.
package struct ViewerID: Hashable, Sendable {
  package let number: UInt64
  package init(number: UInt64) { self.number = number }
}

/// The real socket's side of a viewer. Any thread.
package protocol ViewerConnection: AnyObject, Sendable {
  var id: ViewerID { get }
  /// Where it comes from, such as `127.0.0.1:40022` or `unix`.
  var peer: String { get }
  /// May look and not touch.
  var isViewOnly: Bool { get }
  /// Queues bytes in this order and sends them; returns at once.
  func send(_ buffers: [ByteBuffer])
  /// Bytes queued by `send` that the kernel has not taken yet.
  var pendingBytes: Int { get }
  /// Calls `action` once, on some other thread, when nothing is pending any more (at once if that is so now).
  func whenDrained(_ action: @escaping @Sendable () -> Void)
  /// The display thread has dealt with this many of the messages it was given: reading may go on.
  func acknowledge(messages: Int)
  /// Hangs up; `reason` goes to the log.
  func close(reason: String)
}

/// What the front end hands to the display thread.
package enum FrontEndEvent: Sendable {
  case joined(any ViewerConnection)
  /// Only after `joined`, in the order of arrival.
  case message(ViewerID, ClientMessage)
  /// The last word about this viewer.
  case left(ViewerID)
}
