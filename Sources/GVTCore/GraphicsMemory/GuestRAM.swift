// The memory of a guest that runs in this process.
import CLinux
import Glibc

/// A memfd, sealed against shrinking, that its guest writes and everybody else maps for reading. Pages take up memory
/// only once they are written.
@safe package final class GuestRAM: Sendable {
  package let start: GuestAddress
  package let byteCount: Int
  package let descriptor: SharedDescriptor
  private let mapping: Mapping

  /// `byteCount` is a multiple of the page size, as is `start`.
  package init(start: GuestAddress = GuestAddress(0), byteCount: Int) throws(SystemFailure) {
    let file = OwnedDescriptor(owning: try check("memfd_create") { unsafe gvt_memfd_create("gvt-vnc guest RAM") })
    try check("ftruncate") { ftruncate(file.raw, off_t(byteCount)) }
    try check("fcntl(F_ADD_SEALS)") { gvt_seal_shrink(file.raw) }
    mapping = try Mapping(file, count: byteCount, writable: true)
    descriptor = SharedDescriptor(file)
    self.start = start
    self.byteCount = byteCount
  }

  /// What a VMM would announce about this memory.
  package var region: GuestMemoryRegion? {
    GuestMemoryRegion(start: start, byteCount: byteCount, descriptor: descriptor, fileOffset: 0)
  }

  /// Writes `words`. Called by the guest's thread only; whoever reads meanwhile sees some old and some new words.
  package func store(_ words: Span<UInt32>, at address: GuestAddress) {
    precondition(address >= start, "the guest's own driver knows where its memory begins")
    let offset = Int(address.rawValue - start.rawValue)
    precondition(offset <= byteCount - words.count * 4, "the guest's own driver knows where its memory ends")
    unsafe words.withUnsafeBytes { bytes in
      guard let first = bytes.baseAddress else { return }
      unsafe memcpy(mapping.start + offset, first, bytes.count)
    }
  }

  /// The word at an address; for tests.
  package func load(at address: GuestAddress) -> UInt32 {
    let offset = Int(address.rawValue - start.rawValue)
    precondition(offset >= 0 && offset <= byteCount - 4, "a test looks within the memory")
    return unsafe mapping.bytes.load(fromByteOffset: offset, as: UInt32.self)
  }
}
