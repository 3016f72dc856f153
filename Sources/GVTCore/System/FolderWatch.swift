// Notices that files in a folder were made, replaced or removed: inotify.
import CLinux
import Glibc

/// Watches one folder. Says only *that* something changed; the reader looks at the folder to see what.
package final class FolderWatch: Sendable {
  /// What a look at the watch says.
  package enum Change: Sendable { case none, entries, folderGone }

  private let file: OwnedDescriptor

  package init(_ folder: String) throws(SystemFailure) {
    let flags = Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)
    file = OwnedDescriptor(owning: try check("inotify_init1") { inotify_init1(flags) })
    let raw = file.raw
    let events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    try check("inotify_add_watch") { unsafe inotify_add_watch(raw, folder, UInt32(events)) }
  }

  /// The descriptor to watch for reading.
  package var descriptor: Int32 { file.raw }

  /// Takes in what has happened since the last call.
  package func changes() -> Change {
    var change = Change.none
    while let bytes = try? Files.readSome(file.raw, atMost: 4096), !bytes.isEmpty {
      if Self.masks(in: bytes).contains(where: { $0 & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED) != 0 }) {
        return .folderGone
      }
      change = .entries
    }
    return change
  }

  /// The event masks in a run of `struct inotify_event` (inotify(7)): wd, mask, cookie, len, then len bytes of name.
  private static func masks(in bytes: [UInt8]) -> [UInt32] {
    func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * $1) } }
    var masks: [UInt32] = []
    var at = 0
    while at + 16 <= bytes.count {
      masks.append(word(at + 4))
      at += 16 + Int(word(at + 12))
    }
    return masks
  }
}
