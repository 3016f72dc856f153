// Another process, held so that its number cannot come to mean somebody else (pidfd_open(2)).
import CLinux
import Glibc

/// A pidfd: it stays that process's even when the process's number is given to another.
package final class ProcessHandle: Sendable {
  private let handle: OwnedDescriptor

  package init(_ handle: consuming OwnedDescriptor) { self.handle = handle }

  /// The process that has the number `id` at this moment.
  package convenience init(opening id: Int32) throws(SystemFailure) {
    self.init(OwnedDescriptor(owning: try check("pidfd_open") { gvt_pidfd_open(id) }))
  }

  /// To be watched for reading: it becomes readable when the process ends.
  package var descriptor: Int32 { handle.raw }

  /// What was found out about the process's number before this answered false was about this process.
  package var hasEnded: Bool { gvt_wait_readable(handle.raw, 0) != 0 }

  /// The process's descriptor `number` as one of ours, close-on-exec: the same open file. Needs the right to trace the process.
  package func duplicate(_ number: Int32) throws(SystemFailure) -> OwnedDescriptor {
    let raw = handle.raw
    return OwnedDescriptor(owning: try check("pidfd_getfd") { gvt_pidfd_getfd(raw, number) })
  }
}
