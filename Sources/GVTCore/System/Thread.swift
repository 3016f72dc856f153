// A named thread that blocks where it likes, unlike a task on the cooperative pool.
import CLinux
import Glibc
import Synchronization

/// Starts `body` on a thread of its own; `join` waits for its end.
package struct Thread: ~Copyable, Sendable {
  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  private let handle: pthread_t

  /// `name` shows in `top -H`; the kernel keeps its first 15 bytes.
  package init(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemFailure) {
    let start = unsafe Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
    var handle = pthread_t()
    let code = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        unsafe gvt_set_thread_name(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      throw SystemFailure("pthread_create", code)
    }
    self.handle = handle
  }

  /// A thread that nobody will join gives back what it holds when it ends.
  deinit { pthread_detach(handle) }

  /// Waits until the thread has ended.
  package consuming func join() {
    pthread_join(handle, nil)
    discard self
  }
}
