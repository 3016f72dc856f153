// A file by its path: the few questions that small files and socket files raise.
import Glibc

/// A file that a path names; nothing is open between calls.
package struct NamedFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Tells a file from another that took its name.
  package struct Identity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let isSocket: Bool
  }

  /// What the path names now, links not followed; nil if it names nothing.
  package func identity() throws(SystemFailure) -> Identity? {
    var status = stat()
    do {
      try check("lstat") { unsafe lstat(path, &status) }
    } catch  where error.code == ENOENT {
      return nil
    }
    return Identity(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), isSocket: status.st_mode & S_IFMT == S_IFSOCK)
  }

  /// The first `limit` bytes of a regular file. Never waits: a pipe or a device is refused.
  package func read(atMost limit: Int) throws(SystemFailure) -> [UInt8] {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    let file = OwnedDescriptor(owning: try check("open") { unsafe open(path, flags) })
    var status = stat()
    try check("fstat") { unsafe fstat(file.raw, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemFailure("open", EINVAL) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let got = try check("read") {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe Glibc.read(file.raw, buffer.baseAddress.map { unsafe $0 + count }, limit - count)
        }
      }
      if got == 0 { break }
      count += got
    }
    return Array(bytes.prefix(count))
  }

  /// Removes the name.
  package func remove() throws(SystemFailure) {
    try check("unlink") { unsafe unlink(path) }
  }
}
