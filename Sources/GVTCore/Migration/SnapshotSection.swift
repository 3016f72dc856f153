// The sections of a snapshot: one for each part of a vGPU that has something to remember.

/// A section's name. A file with any other name in it is refused, as is one that has a section twice.
package enum SnapshotSection: String, CaseIterable, Sendable {
  /// Type, platform and engines: what the device was made as.
  case configuration
  case registers
  /// The GGTT.
  case translationTable = "ggtt"
  case pipes
  case interrupts
  case power
  /// The ports and the monitor.
  case ports
  case engines
  /// The PCI configuration space.
  case pci
}

/// A part's state as a section of a snapshot: only what must survive.
package protocol SnapshotState {
  static var section: SnapshotSection { get }
  /// Goes up by one whenever what ``write(to:)`` writes changes.
  static var version: UInt16 { get }

  /// Reads what ``write(to:)`` wrote, and checks all of it: whoever gets the state relies on it.
  init(from reader: inout SnapshotReader) throws(SnapshotFailure)
  func write(to writer: inout SnapshotWriter)
}
