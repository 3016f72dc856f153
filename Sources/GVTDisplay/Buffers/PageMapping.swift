// One contiguous view over pages that lie scattered over files.
import CLinux
package import GVTCore
import Glibc

/// A range of address space whose pages come from many places. Adjacent pages that are adjacent in their file too are
/// one mapping; a place with no page reads as zeros.
@safe package final class PageMapping {
  /// How many separate pieces are accepted: the kernel allows a process 65530 mappings in all (vm.max_map_count), and
  /// the rest of the process needs some of them.
  package static let maximumPieces = 32_000

  private var range: AddressRange
  private var current: [PageLocation?]
  private var seenFaults: UInt32 = 0
  /// Some page is not what `current` says: nothing may be read until all is mapped again.
  private var isBroken = true

  /// Maps `pages`, one after the other.
  package init(_ pages: [PageLocation?]) throws(BufferFailure) {
    range = try AddressRange(pageCount: pages.count)
    current = pages
    try update(pages)
  }

  /// Bytes in the view.
  package var count: Int { range.count }

  /// Pages were lost or an update failed: nothing can be read before the next ``update(_:)``.
  package var needsUpdate: Bool { isBroken || range.faults != seenFaults }

  /// Makes the view show `pages`. Only places whose page has changed since the last call are mapped again.
  ///
  /// After a throw nothing can be read until a later call succeeds.
  package func update(_ pages: [PageLocation?]) throws(BufferFailure) {
    let mapsAll = isBroken || range.faults != seenFaults || pages.count != current.count
    let pieces = Self.pieces(of: pages) { _ in true }
    guard pieces.count <= Self.maximumPieces else {
      isBroken = true
      throw .tooScattered(pieces: pieces.count)
    }
    isBroken = true
    if pages.count != current.count { range = try AddressRange(pageCount: pages.count) }
    let old = current
    let changed = mapsAll ? pieces : Self.pieces(of: pages) { pages[$0] != old[$0] }
    seenFaults = range.faults
    current = pages
    for piece in changed { try map(piece) }
    isBroken = false
  }

  /// The view, if every page in it is the one that was asked for.
  var bytes: UnsafeRawBufferPointer? {
    if isBroken || range.faults != seenFaults { return nil }
    return unsafe UnsafeRawBufferPointer(start: range.start, count: range.count)
  }

  /// Pages that one call maps.
  private struct Piece {
    var first: Int
    var count: Int
    var location: PageLocation?

    func continues(with next: PageLocation?) -> Bool {
      guard let location else { return next == nil }
      guard let next else { return false }
      return next.descriptor === location.descriptor
        && next.fileOffset == location.fileOffset + count * PageLocation.pageBytes
    }
  }

  private static func pieces(of pages: [PageLocation?], where isWanted: (Int) -> Bool) -> [Piece] {
    var pieces: [Piece] = []
    for index in pages.indices where isWanted(index) {
      if let last = pieces.last, last.first + last.count == index, last.continues(with: pages[index]) {
        pieces[pieces.count - 1].count += 1
      } else {
        pieces.append(Piece(first: index, count: 1, location: pages[index]))
      }
    }
    return pieces
  }

  private func map(_ piece: Piece) throws(BufferFailure) {
    do {
      try range.map(
        pages: piece.first..<piece.first + piece.count, to: piece.location?.descriptor.raw,
        fileOffset: piece.location?.fileOffset ?? 0)
    } catch {
      throw .system(doing: "Mapping \(piece.count) pages of the guest's memory", error)
    }
  }
}
