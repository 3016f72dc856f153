// Address space that pages of many files are put into, side by side.
import CLinux
import GVTCore
import Glibc

/// Reserved address space, guarded against pages that go away, given back as a whole.
@safe struct AddressRange: ~Copyable {
  let start: UnsafeMutableRawPointer
  let count: Int
  private let guardSlot: Int32

  init(pageCount: Int) throws(BufferFailure) {
    count = pageCount * PageLocation.pageBytes
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let address = unsafe mmap(nil, max(count, 1), PROT_NONE, flags, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .system(doing: "Reserving address space for the picture", SystemFailure("mmap"))
    }
    let slot = unsafe gvt_guard_add(address, count)
    guard slot >= 0 else {
      unsafe munmap(address, max(count, 1))
      throw .system(doing: "Guarding the picture's memory", SystemFailure("mmap", EMFILE))
    }
    unsafe start = address
    guardSlot = slot
  }

  var faults: UInt32 { gvt_guard_faults(guardSlot) }

  /// Replaces `pages` by those of `descriptor`, or by zeros.
  borrowing func map(pages: Range<Int>, to descriptor: Int32?, fileOffset: Int) throws(SystemFailure) {
    let address = unsafe start + pages.lowerBound * PageLocation.pageBytes
    let length = pages.count * PageLocation.pageBytes
    let kind = descriptor == nil ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED
    let result = unsafe mmap(address, length, PROT_READ, kind | MAP_FIXED, descriptor ?? -1, fileOffset)
    if unsafe result == MAP_FAILED {
      let failure = SystemFailure("mmap")
      // A failed MAP_FIXED may leave a gap: fill it before another thread's mapping lands in it.
      unsafe mmap(address, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)
      throw failure
    }
  }

  deinit {
    gvt_guard_remove(guardSlot)
    unsafe munmap(start, max(count, 1))
  }
}
