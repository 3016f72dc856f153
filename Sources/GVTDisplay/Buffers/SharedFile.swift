// A file that another process keeps a picture in, and may truncate, replace or remove whenever it likes.
package import GVTCore
import Glibc

/// An open regular file.
package struct SharedFile: ~Copyable {
  /// What tells one file from another that took its name.
  package struct Identity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    fileprivate init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  package let descriptor: OwnedDescriptor
  package let identity: Identity

  /// Opens `path` for reading; never blocks, also not on a FIFO.
  package init(path: String) throws(SystemFailure) {
    let opened = OwnedDescriptor(
      owning: try check("open") { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
    var status = stat()
    let raw = opened.raw
    try check("fstat") { unsafe fstat(raw, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    descriptor = opened
    identity = Identity(status)
  }

  /// Bytes in the file now.
  package var size: Int {
    var status = stat()
    return unsafe fstat(descriptor.raw, &status) == 0 ? Int(status.st_size) : 0
  }

  /// A copy of at most `count` bytes from `offset`: fewer at the end of the file.
  package func read(at offset: Int, count: Int) throws(SystemFailure) -> [UInt8] {
    var failure: SystemFailure?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemFailure) {
        filled = try check("pread") { unsafe pread(descriptor.raw, buffer.baseAddress, count, offset) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The file that has this name now.
  package static func identity(of path: String) throws(SystemFailure) -> Identity {
    var status = stat()
    try check("stat") { unsafe stat(path, &status) }
    return Identity(status)
  }
}

extension SystemFailure {
  /// What ``SharedFile`` throws for a directory, a FIFO or a device; open(2) gives no such answer to its flags.
  static let notAFile = SystemFailure("open", EINVAL)
  /// Nothing has the name.
  var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
}
