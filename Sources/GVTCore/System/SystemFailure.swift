// A system call that failed: which one, and why. Every throw from the system layer is one of these.
import CLinux
import Glibc

/// A failed system call, with the call's name and its errno.
package struct SystemFailure: Error, Equatable, CustomStringConvertible {
  /// The call as in its manual page, such as `open`.
  package let call: String
  /// The errno that it left.
  package let code: Int32

  package init(_ call: String, _ code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// The kernel's words for ``code``, such as "No such file or directory".
  package var reason: String { unsafe String(cString: strerror(code)) }

  package var description: String { "\(call): \(reason)" }

  /// Whether this user may not.
  package var isRefusal: Bool { code == EACCES || code == EPERM }
  /// Whether the file system takes no changes.
  package var isReadOnly: Bool { code == EROFS }
  /// Whether there is no more of something: drivers of mediated devices say it in these ways.
  package var isExhaustion: Bool { code == ENOSPC || code == EUSERS || code == EBUSY }
}

/// Runs a call that answers -1 on failure: repeats it on EINTR, throws its errno otherwise.
@discardableResult
package func check<Result: SignedInteger>(
  _ call: String, _ body: () -> Result
) throws(SystemFailure) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    if errno != EINTR { throw SystemFailure(call) }
  }
}
