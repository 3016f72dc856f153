// How many descriptors this process may have.
import Glibc

/// RLIMIT_NOFILE.
package enum OpenFileLimit {
  /// The soft limit.
  package static var current: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: limit.rlim_cur)
  }
}
