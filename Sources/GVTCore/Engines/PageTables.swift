// The per-process translation (ppGTT): four levels of 512 entries in the guest's memory (i915 `gen8_ppgtt.c`).

/// Walks page tables. Nothing tells of their changes, so every walk begins anew.
enum PageTables {
  private static let addressMask: UInt64 = 0x7f_ffff_f000

  /// Where the byte at `address` is. `load` gives the entry at a guest address, nil where there is no memory.
  static func translate(
    _ address: UInt64, root: GuestAddress, load: (GuestAddress) -> UInt64?
  ) -> GuestAddress? {
    var table = root.rawValue & addressMask
    for shift in [39, 30, 21] as [UInt64] {
      guard let entry = load(GuestAddress(table + (address >> shift & 511) * 8)), entry & 1 == 1 else { return nil }
      // Bit 7 makes it a page of 1 GiB or 2 MiB.
      if shift < 39, entry >> 7 & 1 == 1 {
        let within: UInt64 = 1 << shift - 1
        return GuestAddress(entry & addressMask & ~within | address & within)
      }
      table = entry & addressMask
    }
    guard let entry = load(GuestAddress(table + (address >> 12 & 511) * 8)), entry & 1 == 1 else { return nil }
    return GuestAddress(entry & addressMask | address & 0xfff)
  }
}
