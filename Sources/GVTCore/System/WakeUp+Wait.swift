// Waiting for a wake-up without an event loop.
import CLinux

extension WakeUp {
  /// Sleeps until it is signalled, at most `nanoseconds` (nil: for ever). May return early.
  package func wait(atMost nanoseconds: Int64?) {
    // A failure can only be a signal's interruption, which is a return that is early.
    _ = gvt_wait_readable(descriptor, nanoseconds ?? -1)
  }
}
