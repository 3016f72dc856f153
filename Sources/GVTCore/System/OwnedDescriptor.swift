// A file descriptor with exactly one owner.
import CLinux
import Glibc

/// Owns a descriptor and closes it once. `release` hands the number to somebody who closes it instead.
package struct OwnedDescriptor: ~Copyable, Sendable {
  /// The number, for calls that borrow it.
  package let raw: Int32

  /// Takes ownership of an open descriptor.
  package init(owning raw: Int32) {
    precondition(raw >= 0, "a descriptor is never negative; the call that made it was not checked")
    self.raw = raw
  }

  /// Gives the number away: the caller closes it.
  package consuming func release() -> Int32 {
    let raw = self.raw
    discard self
    return raw
  }

  /// Another descriptor for the same open file, close-on-exec.
  package borrowing func duplicate() throws(SystemFailure) -> OwnedDescriptor {
    try .duplicating(raw)
  }

  /// A descriptor of our own for an open file that somebody else's `raw` names, close-on-exec.
  package static func duplicating(_ raw: Int32) throws(SystemFailure) -> OwnedDescriptor {
    OwnedDescriptor(owning: try check("fcntl(F_DUPFD_CLOEXEC)") { fcntl(raw, F_DUPFD_CLOEXEC, 3) })
  }

  /// A connected pair of stream sockets, close-on-exec.
  package static func socketPair() throws(SystemFailure) -> SocketPair {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    try check("socketpair") { unsafe socketpair(AF_UNIX, kind, 0, &ends) }
    return SocketPair(near: OwnedDescriptor(owning: ends[0]), far: OwnedDescriptor(owning: ends[1]))
  }

  deinit { close(raw) }
}

/// The two ends of a socketpair.
package struct SocketPair: ~Copyable, Sendable {
  package var near: OwnedDescriptor
  package var far: OwnedDescriptor

  package init(near: consuming OwnedDescriptor, far: consuming OwnedDescriptor) {
    self.near = near
    self.far = far
  }

  /// Both numbers, for owners elsewhere: outside this module a pair cannot be taken apart.
  package consuming func release() -> (near: Int32, far: Int32) {
    (near.release(), far.release())
  }
}
