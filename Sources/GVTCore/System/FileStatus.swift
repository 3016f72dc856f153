// Who owns a file and who may do what with it: stat(2), faccessat(2).
import Glibc

/// A file's owner and its permissions.
package struct FileStatus: Equatable, Sendable {
  /// The lowest nine bits of st_mode.
  package let mode: UInt32
  package let user: UInt32
  package let group: UInt32

  package init(mode: UInt32, user: UInt32, group: UInt32) {
    self.mode = mode
    self.user = user
    self.group = group
  }

  /// Nil if there is no such file, or it may not be looked at.
  package init?(of path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(mode: status.st_mode & 0o777, user: status.st_uid, group: status.st_gid)
  }

  /// Whether this process, as the user that it acts for, may read and write `path`.
  package static func mayReadAndWrite(_ path: String) -> Bool {
    unsafe faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0
  }
}
