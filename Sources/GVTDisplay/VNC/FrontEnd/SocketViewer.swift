// A viewer's real socket as other threads see it: counts, and messages to the event loop that owns the channel.
import GVTCore
import NIOCore
import Synchronization

/// The ``ViewerConnection`` of a channel.
final class SocketViewer: ViewerConnection {
  /// What a viewer's handler is told by user events of its channel.
  enum Signal: Sendable {
    /// The display thread has caught up.
    case resumeReading
    case close(String)
  }

  private struct Output {
    var pending = 0
    var isClosed = false
    var whenDrained: [@Sendable () -> Void] = []
  }

  private struct Input {
    var unacknowledged = 0
    var isPaused = false
  }

  let id: ViewerID
  let peer: String
  let isViewOnly: Bool
  private let channel: any Channel
  private let mostUnacknowledged: Int
  private let output = Locked(Output())
  private let input = Locked(Input())
  private let queued = Atomic<Int>(0)

  init(id: ViewerID, peer: String, isViewOnly: Bool, channel: any Channel, mostUnacknowledged: Int) {
    self.id = id
    self.peer = peer
    self.isViewOnly = isViewOnly
    self.channel = channel
    self.mostUnacknowledged = mostUnacknowledged
  }

  /// Bytes given to the channel so far.
  var queuedBytes: Int { queued.load(ordering: .relaxed) }

  var pendingBytes: Int { output.withLock { $0.pending } }

  func send(_ buffers: [ByteBuffer]) {
    let count = buffers.reduce(0) { $0 + $1.readableBytes }
    guard count > 0 else { return }
    let isOpen = output.withLock { output in
      if !output.isClosed { output.pending += count }
      return !output.isClosed
    }
    guard isOpen else { return }
    channel.eventLoop.execute { self.write(buffers, count) }
  }

  func whenDrained(_ action: @escaping @Sendable () -> Void) {
    let isDrained = output.withLock { output in
      if output.pending > 0 { output.whenDrained.append(action) }
      return output.pending == 0
    }
    if isDrained { action() }
  }

  func acknowledge(messages: Int) {
    let mayResume = input.withLock { input in
      input.unacknowledged -= messages
      precondition(input.unacknowledged >= 0, "more messages acknowledged than delivered")
      guard input.isPaused, input.unacknowledged <= mostUnacknowledged / 2 else { return false }
      input.isPaused = false
      return true
    }
    if mayResume { channel.pipeline.fireUserInboundEventTriggered(Signal.resumeReading) }
  }

  func close(reason: String) {
    output.withLock { $0.isClosed = true }
    channel.pipeline.fireUserInboundEventTriggered(Signal.close(reason))
  }

  /// Nothing more is taken. What was pending is failed by the channel, and so comes down to zero.
  func isGone() { output.withLock { $0.isClosed = true } }

  /// Whether one more message may be delivered; if not, ``Signal/resumeReading`` will come. Event loop only.
  func mayDeliver() -> Bool {
    input.withLock { input in
      input.isPaused = input.unacknowledged >= mostUnacknowledged
      return !input.isPaused
    }
  }

  /// Counts one message. Event loop only.
  func delivers() { input.withLock { $0.unacknowledged += 1 } }

  /// The display thread has work for some time: what is superseded need not be delivered.
  var isBehind: Bool { input.withLock { $0.unacknowledged >= mostUnacknowledged / 4 } }

  private func write(_ buffers: [ByteBuffer], _ count: Int) {
    queued.wrappingAdd(count, ordering: .relaxed)
    let taken = channel.eventLoop.makePromise(of: Void.self)
    taken.futureResult.whenComplete { _ in self.took(count) }
    for buffer in buffers.dropLast() { channel.write(buffer, promise: nil) }
    if let last = buffers.last { channel.write(last, promise: taken) }
    channel.flush()
  }

  private func took(_ count: Int) {
    let actions = output.withLock { output in
      output.pending -= count
      guard output.pending == 0 else { return [@Sendable () -> Void]() }
      defer { output.whenDrained = [] }
      return output.whenDrained
    }
    for action in actions { action() }
  }
}
