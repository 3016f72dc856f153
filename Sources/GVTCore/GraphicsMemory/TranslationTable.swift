// The global graphics translation table (GGTT): which page of guest memory stands behind each page of graphics memory.
import CLinux
import Glibc
import Synchronization

/// One entry: bit 0 says that it is present, bits 38:12 are the guest-physical address (i915 `gen8_ggtt_pte_encode`).
package struct TranslationEntry: Equatable, Sendable {
  package var rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// A present entry for the page at `address`.
  package init(_ address: GuestAddress) { rawValue = address.rawValue & Self.addressMask | 1 }

  package static let absent = TranslationEntry(rawValue: 0)
  private static let addressMask: UInt64 = 0x7f_ffff_f000

  /// The guest page, if the entry is present.
  package var address: GuestAddress? {
    rawValue & 1 == 1 ? GuestAddress(rawValue & Self.addressMask) : nil
  }
}

/// The GGTT as the upper 8 MiB of a memfd of 16, so that offsets in the file are those in BAR 0. A VMM may map it into the guest, which then writes entries without our seeing it:
/// so every entry is read with one atomic load, and a caller works with the copy.
@safe package final class TranslationTable: Sendable {
  package static let byteCount = 8 << 20
  package static let entryCount = byteCount / 8
  /// Where the table begins in the file: a VMM adds a mappable area's offset in the region to it (vfio-user,
  /// "VFIO region info cap sparse mmap"). What is before it is a hole that nobody reads.
  package static let fileOffset = MMIO.translationTable

  /// The file behind the table, sealed against shrinking.
  package let descriptor: SharedDescriptor
  private let mapping: Mapping

  package init() throws(SystemFailure) {
    let file = OwnedDescriptor(owning: try check("memfd_create") { unsafe gvt_memfd_create("gvt-vnc GGTT") })
    try check("ftruncate") { ftruncate(file.raw, off_t(Self.fileOffset + Self.byteCount)) }
    try check("fcntl(F_ADD_SEALS)") { gvt_seal_shrink(file.raw) }
    mapping = try Mapping(file, offset: Self.fileOffset, count: Self.byteCount, writable: true)
    descriptor = SharedDescriptor(file)
  }

  /// The entry of a page; one beyond the table is absent, and writing it does nothing.
  package subscript(page: PageNumber) -> TranslationEntry {
    get {
      guard Self.isValid(page) else { return .absent }
      return TranslationEntry(rawValue: unsafe entries[page.rawValue].load(ordering: .relaxed))
    }
    set {
      guard Self.isValid(page) else { return }
      unsafe entries[page.rawValue].store(newValue.rawValue, ordering: .relaxed)
    }
  }

  /// Half an entry, by its offset in bytes: a trapped guest may write an entry in two steps.
  package subscript(wordAt offset: Int) -> UInt32 {
    get { UInt32(truncatingIfNeeded: self[PageNumber(offset / 8)].rawValue >> UInt64(8 * (offset & 4))) }
    set {
      let shift = UInt64(8 * (offset & 4))
      let page = PageNumber(offset / 8)
      self[page].rawValue = self[page].rawValue & ~(0xffff_ffff << shift) | UInt64(newValue) << shift
    }
  }

  /// Where the pages really are, in order; nil for one that is absent or outside the guest's memory.
  /// Each entry is read exactly once.
  package func translate(_ pages: Range<PageNumber>, through memory: GuestMemory) -> [PageLocation?] {
    (pages.lowerBound.rawValue..<pages.upperBound.rawValue).map { number in
      guard let address = self[PageNumber(number)].address, let place = memory.locate(address) else { return nil }
      return PageLocation(descriptor: place.descriptor, fileOffset: place.fileOffset)
    }
  }

  /// Makes every entry absent, as at power-on.
  package func clear() {
    // Punching the pages out also gives their memory back; a kernel that cannot gets them overwritten instead.
    if unsafe madvise(mapping.start, Self.byteCount, Int32(MADV_REMOVE)) != 0 {
      for number in 0..<Self.entryCount { self[PageNumber(number)] = .absent }
    }
  }

  /// All entries at this moment. Those that the guest writes meanwhile are old or new.
  package func allEntries() -> [UInt64] {
    unsafe [UInt64](unsafeUninitializedCapacity: Self.entryCount) { buffer, count in
      guard let first = buffer.baseAddress else { return }
      unsafe memcpy(first, mapping.start, Self.byteCount)
      count = Self.entryCount
    }
  }

  /// Replaces all entries.
  package func fill(with entries: [UInt64]) {
    precondition(entries.count == Self.entryCount, "a table is filled whole")
    clear()
    // Pages without an entry stay without memory.
    for (page, first) in stride(from: 0, to: Self.entryCount, by: 512).enumerated() {
      let piece = entries[first..<first + 512]
      guard piece.contains(where: { $0 != 0 }) else { continue }
      unsafe piece.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        unsafe memcpy(mapping.start + page * 4096, start, bytes.count)
      }
    }
  }

  private static func isValid(_ page: PageNumber) -> Bool { (0..<entryCount).contains(page.rawValue) }

  private var entries: UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe mapping.start.assumingMemoryBound(to: Atomic<UInt64>.self)
  }
}
