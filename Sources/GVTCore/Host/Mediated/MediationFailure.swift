// Why a mediated device was not created or removed: one sentence, and what kind of failure it is.

/// A mediated device that there is not, or still is.
package struct MediationFailure: Error, Equatable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// What was asked for makes no sense.
    case request
    /// What was named does not exist.
    case missing
    /// It cannot be had now.
    case unavailable
    /// This user may not.
    case permission
    /// The kernel refused for a reason of its own.
    case system
  }

  package let kind: Kind
  package let description: String

  init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    description = sentence
  }

  /// The kernel refused an order of ours.
  init(_ failure: SystemFailure, to intention: String) {
    if failure.isRefusal {
      self.init(.permission, "cannot \(intention): \(failure.reason); only root may: use sudo")
    } else if failure.isReadOnly {
      self.init(.permission, "cannot \(intention): /sys is read-only here, as in a container; do it on the host")
    } else {
      self.init(.system, "cannot \(intention): \(failure.reason)")
    }
  }
}
