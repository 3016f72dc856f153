// Why a snapshot cannot be used, each in one sentence.

/// What is wrong with a snapshot. It is somebody's file: whatever it holds, this is the worst that comes of it.
package enum SnapshotFailure: Error, Equatable, CustomStringConvertible {
  /// Something else, or nothing at all.
  case notASnapshot
  /// Written by another version of this program.
  case format(UInt32)
  case tooLarge(bytes: Int)
  /// It ends too early, or what follows its end does not belong to it.
  case truncated
  case checksum
  case unknownSection(String)
  case sectionVersion(SnapshotSection, found: UInt16, known: UInt16)
  case missing(SnapshotSection)
  /// The numbers of a section make no sense.
  case invalid(SnapshotSection, String)
  /// It is of another kind of vGPU than the one that it was given to.
  case otherDevice(found: String, wanted: String)

  package var description: String {
    switch self {
    case .notASnapshot: "this is not a snapshot of a vGPU"
    case .format(let number): "the snapshot has format \(number), and this version reads format \(Snapshot.format)"
    case .tooLarge(let bytes): "the snapshot has \(bytes) bytes, more than the \(Snapshot.maxBytes) that one can have"
    case .truncated: "the snapshot is incomplete, or longer than it says"
    case .checksum: "the snapshot is damaged: its checksum is wrong"
    case .unknownSection(let name): "the snapshot has a section \"\(name)\", which this version does not know"
    case .sectionVersion(let section, let found, let known):
      "the snapshot's section \"\(section.rawValue)\" has version \(found), and this version reads \(known)"
    case .missing(let section): "the snapshot has no section \"\(section.rawValue)\""
    case .invalid(let section, let what): "the snapshot's section \"\(section.rawValue)\" is invalid: \(what)"
    case .otherDevice(let found, let wanted): "the snapshot is of \(found), and this vGPU is \(wanted)"
    }
  }
}
