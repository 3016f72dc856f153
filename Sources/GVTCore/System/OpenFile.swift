// What an open descriptor refers to, as far as whoever is handed one must know before using it.
import CLinux
import Glibc

/// The file behind a descriptor that somebody else opened.
package struct OpenFile: Sendable {
  /// Equal for descriptors of one file that allow the same accesses.
  package struct Identity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let access: Int32
  }

  package let identity: Identity
  /// Bytes of a regular file, a memfd included; nil for what has no size, such as a device.
  package let byteCount: Int?

  package init(_ descriptor: SharedDescriptor) throws(SystemFailure) {
    let raw = descriptor.raw
    var status = stat()
    try check("fstat") { unsafe fstat(raw, &status) }
    let flags = try check("fcntl(F_GETFL)") { fcntl(raw, F_GETFL) }
    identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), access: flags & O_ACCMODE)
    byteCount = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }
}

/// An eventfd that somebody else made to be told of something.
package enum EventDescriptor {
  /// Whether it is one, so that writing to it never waits and never ends the process. Where /proc is missing there is no
  /// telling, and the answer is yes.
  package static func isEvent(_ descriptor: SharedDescriptor) -> Bool {
    Files.linkTarget("/proc/self/fd/\(descriptor.raw)").map { $0.hasPrefix("anon_inode:[eventfd") } ?? true
  }

  /// Adds 1; never waits.
  package static func signal(_ descriptor: SharedDescriptor) { _ = gvt_eventfd_signal(descriptor.raw) }
}
