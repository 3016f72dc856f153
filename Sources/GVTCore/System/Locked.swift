// A value that several threads share, one at a time, in a way that ThreadSanitizer understands.
import Glibc

/// Like `Synchronization.Mutex`, but made of a pthread mutex. ThreadSanitizer does not see into Swift 6.3's Mutex on
/// Linux (a futex in a library that is not instrumented) and calls every use by two threads a race.
@safe package final class Locked<Value: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  // Not a stored property: one of no size, as in Locked<Void>, would share its address with the one beside it, and
  // ThreadSanitizer would see a race between the two.
  private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

  package init(_ value: Value) {
    unsafe self.value.initialize(to: value)
    unsafe mutex.initialize(to: pthread_mutex_t())
    let code = unsafe pthread_mutex_init(mutex, nil)
    precondition(code == 0, "a plain mutex needs nothing that could be missing")
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Calls `body` while no other thread is in one. It must not call `withLock` of the same value.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe try body(&value.pointee)
  }
}
