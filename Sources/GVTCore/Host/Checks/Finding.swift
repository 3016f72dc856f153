// One line of what `gvt-vnc doctor` says: what is, what should be, and what changes it.

/// What a check found.
package struct Finding: Codable, Equatable, Sendable {
  package enum Verdict: String, Codable, Sendable {
    /// As it should be, or no concern of this host.
    case ok
    /// Something works less well, or could not be found out.
    case advice
    /// A display source that this host is made for cannot work.
    case blocks
  }

  /// What a check is about; also the order in which they are told.
  package enum Topic: String, Codable, CaseIterable, Sendable {
    case host, gpu, rights, qemu, buffers, displays
  }

  package var topic: Topic
  /// What was looked at, such as `i915.enable_gvt`.
  package var subject: String
  package var verdict: Verdict
  /// What is.
  package var found: String
  /// What should be, and why; nil if it is.
  package var wanted: String?
  /// The commands or settings that fix it, a line each.
  package var remedy: [String] = []

  /// As it should be.
  package static func ok(_ topic: Topic, _ subject: String, _ found: String) -> Finding {
    Finding(topic: topic, subject: subject, verdict: .ok, found: found)
  }

  package static func advice(
    _ topic: Topic, _ subject: String, _ found: String, _ wanted: String, fix: String...
  ) -> Finding {
    Finding(topic: topic, subject: subject, verdict: .advice, found: found, wanted: wanted, remedy: fix)
  }

  package static func blocks(
    _ topic: Topic, _ subject: String, _ found: String, _ wanted: String, fix: String...
  ) -> Finding {
    Finding(topic: topic, subject: subject, verdict: .blocks, found: found, wanted: wanted, remedy: fix)
  }
}
