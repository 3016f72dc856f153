// A range of this process's address space, unmapped when its owner goes.
import CLinux
import Glibc

/// Memory mapped from a file. Somebody else may write it at any time, so it is lent as a raw pointer range to
/// the code in `Buffers/` and `Frames/` that copies out of it, never as a `Span`, and nothing is decided on a
/// value that is read from it twice.
@safe package struct Mapping: ~Copyable, @unchecked Sendable {
  package let start: UnsafeMutableRawPointer
  /// Bytes, as asked for.
  package let count: Int
  private let guardSlot: Int32

  /// Maps `count` bytes of `descriptor` from `offset` (a multiple of the page size), shared.
  ///
  /// With `guarded`, a page that the file loses while it is mapped reads as zeros and is counted in ``faults``
  /// instead of ending the process with SIGBUS.
  package init(
    _ descriptor: borrowing OwnedDescriptor, offset: Int = 0, count: Int, writable: Bool = false,
    guarded: Bool = false
  ) throws(SystemFailure) {
    let access = PROT_READ | (writable ? PROT_WRITE : 0)
    let address = unsafe mmap(nil, count, access, MAP_SHARED, descriptor.raw, offset)
    guard let address = unsafe address, unsafe address != MAP_FAILED else { throw SystemFailure("mmap") }
    let slot = guarded ? unsafe gvt_guard_add(address, count) : -1
    if guarded && slot < 0 {
      // All of the guard's slots are taken. Better no mapping than one that can end the process.
      unsafe munmap(address, count)
      throw SystemFailure("mmap", EMFILE)
    }
    unsafe start = address
    self.count = count
    guardSlot = slot
  }

  /// How often a guarded page was found missing since the mapping was made.
  package var faults: UInt32 { gvt_guard_faults(guardSlot) }

  package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }

  deinit {
    gvt_guard_remove(guardSlot)
    unsafe munmap(start, count)
  }
}
