// The terminal that somebody reads our output at, if it is one.
import CLinux
import Glibc

/// A terminal at one of our descriptors.
package enum Terminal {
  /// How many columns it has; nil if `descriptor` is no terminal, or it does not say.
  package static func columns(of descriptor: Int32) -> Int? {
    let count = gvt_terminal_columns(descriptor)
    return count > 0 ? Int(count) : nil
  }

  /// Whether `descriptor` is one.
  package static func isOne(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}
