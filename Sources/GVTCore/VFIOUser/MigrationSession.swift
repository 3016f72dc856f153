// The states of a device that is migrated, and the data that goes from one to the other.
import Glibc

/// The finite state machine of VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE without its optional states, on a function's hooks.
package struct MigrationSession: Sendable {
  package enum State: UInt32, Sendable {
    case error = 0
    case stop = 1
    case running = 2
    case stopCopy = 3
    case resuming = 4
  }

  /// VFIO_MIGRATION_STOP_COPY: all that this device can do.
  package static let abilities: UInt64 = 1
  /// No vGPU's state is larger.
  package static let mostBytes = 64 << 20

  package private(set) var state = State.running
  private var data: [UInt8] = []
  private var position = 0

  package init() {}

  /// A device reset leads back to running from anywhere.
  package mutating func reset(_ function: PCIFunction) {
    self = MigrationSession()
    function.interrupts.setHeld(false)
  }

  /// Goes to `target` by the shortest way, which leads through STOP unless one end is it.
  package mutating func go(to target: UInt32, _ function: PCIFunction) throws(Refusal) {
    guard let hooks = function.stateHooks.withLock({ $0 }) else { throw Refusal(ENOTTY, "a question for migration") }
    guard let target = State(rawValue: target), target != .error, state != .error else {
      throw Refusal(EINVAL, "a migration state that cannot be reached")
    }
    if target == state { return }
    if state != .stop && target != .stop { try step(to: .stop, function, hooks) }
    try step(to: target, function, hooks)
  }

  /// The next bytes of the state, at most `count`, appended to `bytes`.
  package mutating func read(_ count: Int, to bytes: inout [UInt8]) throws(Refusal) {
    guard state == .stopCopy else { throw Refusal(EINVAL, "migration data is read from a device that is not saving") }
    let end = min(position + count, data.count)
    bytes += data[position..<end]
    position = end
  }

  /// More bytes of a state to be restored.
  package mutating func write(_ bytes: ArraySlice<UInt8>) throws(Refusal) {
    guard state == .resuming else { throw Refusal(EINVAL, "migration data is written to a device that is not loading") }
    guard data.count + bytes.count <= Self.mostBytes else {
      throw Refusal(ENOSPC, "more migration data than a vGPU has")
    }
    data += bytes
  }

  private mutating func step(
    to next: State, _ function: PCIFunction, _ hooks: PCIFunction.StateHooks
  ) throws(Refusal) {
    switch (state, next) {
    case (.running, .stop): function.interrupts.setHeld(true)
    case (.stop, .running): function.interrupts.setHeld(false)
    case (.stop, .stopCopy):
      guard let snapshot = try? hooks.snapshot() else { throw Refusal(EIO, "the device's state cannot be saved") }
      data = snapshot
      position = 0
    case (.stop, .resuming): data = []
    case (.resuming, .stop):
      let received = data
      data = []
      guard (try? hooks.restore(received)) != nil else {
        state = .error
        throw Refusal(EINVAL, "migration data that is no vGPU's state")
      }
    case (.stopCopy, .stop): data = []
    default: throw Refusal(EINVAL, "a migration state that cannot be reached")
    }
    state = next
  }
}
