// A thread's wait for a peer, a newcomer and a wake-up at once, without an event loop's allocations.
import CLinux

/// What ``wait(for:orWriting:newcomers:wakeUp:atMost:)`` waited for and found.
package struct ThreeWayWait: OptionSet, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let peer = ThreeWayWait(rawValue: 1)
  package static let newcomer = ThreeWayWait(rawValue: 2)
  package static let wakeUp = ThreeWayWait(rawValue: 4)

  /// Sleeps until the peer can be read (or written, if `forWriting`), somebody knocks at the listener, the wake-up is
  /// signalled, or `nanoseconds` are over (nil: never). May return early with nothing.
  package static func wait(
    for peer: Int32?, forWriting: Bool = false, newcomers listener: Int32?, wakeUp: WakeUp, atMost nanoseconds: Int64?
  ) -> ThreeWayWait {
    let ready = gvt_wait_three(
      peer ?? -1, listener ?? -1, wakeUp.descriptor, forWriting ? 1 : 0, nanoseconds.map { max(0, $0) } ?? -1)
    return ThreeWayWait(rawValue: max(0, ready))
  }
}
