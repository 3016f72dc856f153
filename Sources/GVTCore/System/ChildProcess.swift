// Processes that this one starts, and how they ended.
import CLinux
import Glibc

/// A process started by this one. It does not end with the value: whoever started it sees to that.
package struct ChildProcess: Hashable, Sendable {
  package let id: Int32

  /// How a process ended.
  package enum End: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Starts `executable` under the name `name`, with an empty signal mask, nothing on its standard input, `channel` as its descriptor 3
  /// and no other descriptor of ours but standard output and error, in a process group of its own: a
  /// terminal's interrupt reaches us alone, and we pass on what is wanted.
  package init(
    executable: String, name: String, arguments: [String], channel: borrowing OwnedDescriptor
  ) throws(SystemFailure) {
    let raw = channel.raw
    let text = ([name] + arguments).map { Array($0.utf8CString) }
    var process: pid_t = 0
    let code = unsafe Self.withAttributes { actions, attributes in
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      unsafe posix_spawn_file_actions_adddup2(&actions, raw, 3)
      return unsafe Self.withArgumentVector(text) { vector in
        unsafe posix_spawn(&process, executable, &actions, &attributes, vector, environ)
      }
    }
    guard code == 0 else { throw SystemFailure("posix_spawn", code) }
    id = process
  }

  /// Sends it a signal. A process that has ended and was not reaped yet ignores it.
  package func send(_ signal: Int32) { kill(id, signal) }

  /// All processes of ours that have ended since the last call.
  package static func reap() -> [(id: Int32, end: End)] {
    var ended: [(id: Int32, end: End)] = []
    while true {
      var status: Int32 = 0
      let id = unsafe waitpid(-1, &status, WNOHANG)
      if id <= 0 { return ended }
      // wait(2): the low seven bits are the signal, the next byte the exit status.
      let signal = status & 0x7f
      ended.append((id, signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)))
    }
  }

  private static func withAttributes(
    _ body: (inout posix_spawn_file_actions_t, inout posix_spawnattr_t) -> Int32
  ) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    return unsafe body(&actions, &attributes)
  }

  /// Lends `text` as a C argument vector.
  private static func withArgumentVector(
    _ text: [[CChar]], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
  ) -> Int32 {
    var vector = unsafe text.map { unsafe strdup($0) }
    unsafe vector.append(nil)
    defer { unsafe vector.forEach { unsafe free($0) } }
    return unsafe vector.withUnsafeBufferPointer { pointers in
      guard let start = pointers.baseAddress else { return EINVAL }
      return unsafe body(start)
    }
  }
}

extension ChildProcess.End: CustomStringConvertible {
  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .killed(let signal): "killed by signal \(signal) (\(Self.name(of: signal)))"
    }
  }

  /// The kernel's words for a signal, such as "Segmentation fault".
  private static func name(of signal: Int32) -> String {
    guard let text = unsafe strsignal(signal) else { return "unknown" }
    return unsafe String(cString: text)
  }
}

/// Numbers of processes.
package enum ProcessNumber {
  /// This process's own.
  package static var own: Int32 { getpid() }
}
