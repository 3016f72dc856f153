// A viewer's socket that a test reads from and can stop up.
import GVTCore
import NIOCore

@testable import GVTDisplay

final class FakeConnection: ViewerConnection {
  private struct State {
    var received: [UInt8] = []
    var pending = 0
    var isStuck = false
    var drained: [@Sendable () -> Void] = []
    var closeReason: String?
    var acknowledged = 0
  }

  let id: ViewerID
  let peer: String
  let isViewOnly = false
  private let state = Locked(State())

  init(_ number: UInt64) {
    id = ViewerID(number: number)
    peer = "test \(number)"
  }

  func send(_ buffers: [ByteBuffer]) {
    state.withLock { state in
      for buffer in buffers {
        state.received += Array(buffer.readableBytesView)
        if state.isStuck { state.pending += buffer.readableBytes }
      }
    }
  }

  var pendingBytes: Int { state.withLock { $0.pending } }

  func whenDrained(_ action: @escaping @Sendable () -> Void) {
    let isDrained = state.withLock { state in
      if state.pending > 0 { state.drained.append(action) }
      return state.pending == 0
    }
    if isDrained { action() }
  }

  func acknowledge(messages: Int) { state.withLock { $0.acknowledged += messages } }
  func close(reason: String) { state.withLock { $0.closeReason = reason } }

  var acknowledged: Int { state.withLock { $0.acknowledged } }
  var closeReason: String? { state.withLock { $0.closeReason } }
  var receivedCount: Int { state.withLock { $0.received.count } }

  /// Stops taking bytes, or takes all that are pending.
  func setStuck(_ isStuck: Bool) {
    let actions = state.withLock { state in
      state.isStuck = isStuck
      if isStuck { return [@Sendable () -> Void]() }
      defer { state.drained = [] }
      state.pending = 0
      return state.drained
    }
    for action in actions { action() }
  }

  /// What has come since the last call.
  func take() -> ByteBuffer {
    state.withLock { state in
      defer { state.received = [] }
      return ByteBuffer(bytes: state.received)
    }
  }
}
