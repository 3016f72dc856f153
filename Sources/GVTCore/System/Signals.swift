// Signals as something to read, so that no code ever runs inside a handler.
import CLinux
import Glibc

/// Collects signals of this process behind a descriptor. Make it before any thread is started: threads inherit
/// the mask that keeps the signals from their default action.
package final class SignalWatch: Sendable {
  private let file: OwnedDescriptor

  package init(_ signals: [Int32]) throws(SystemFailure) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    try check("pthread_sigmask") { unsafe -pthread_sigmask(SIG_BLOCK, &set, nil) }
    let flags = Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)
    file = OwnedDescriptor(owning: try check("signalfd") { unsafe signalfd(-1, &set, flags) })
  }

  /// The descriptor to watch for reading.
  package var descriptor: Int32 { file.raw }

  /// The next signal that came in, nil when there is none.
  package func next() -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(file.raw, &info, size) == size else { return nil }
    return Int32(info.ssi_signo)
  }

  /// A writer whose reader went away gets EPIPE instead of a deadly signal.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
