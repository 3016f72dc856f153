// The aperture, BAR 2: graphics memory as a processor sees it through the GGTT and the fences.

/// Translates accesses to BAR 2 into accesses to the guest's memory. Every access is trapped: it is right, not fast.
package struct Aperture: Sendable {
  package static let byteCount = 256 << 20
  /// FENCE_REG, of which a type grants the first few.
  package static let fenceCount = 32

  let table: TranslationTable
  let access: GuestMemoryAccess

  /// A guest's read. What the guest has not mapped reads as zeros.
  func read(
    _ offset: Int, count: Int, through fences: [Fence], of memory: GuestMemory, into bytes: inout [UInt8], at place: Int
  ) {
    forEachPiece(offset, count, fences) { address, length, done in
      guard let page = table[address.page].address else {
        access.faults.count(.absentEntry)
        for index in 0..<length { bytes[place + done + index] = 0 }
        return
      }
      let target = GuestAddress(page.rawValue + address.rawValue % UInt64(PageLocation.pageBytes))
      access.read(target, count: length, of: memory, into: &bytes, at: place + done)
    }
  }

  /// A guest's write. What goes to a page that the guest has not mapped is lost.
  func write(
    _ offset: Int, _ bytes: [UInt8], _ range: Range<Int>, through fences: [Fence], of memory: GuestMemory
  ) {
    forEachPiece(offset, range.count, fences) { address, length, done in
      guard let page = table[address.page].address else {
        access.faults.count(.absentEntry)
        return
      }
      let target = GuestAddress(page.rawValue + address.rawValue % UInt64(PageLocation.pageBytes))
      let first = range.lowerBound + done
      access.write(bytes, first..<first + length, to: target, of: memory)
    }
  }

  /// Calls `body` with where each stretch really is, its length, and how many bytes came before it.
  private func forEachPiece(
    _ offset: Int, _ count: Int, _ fences: [Fence], _ body: (GraphicsAddress, Int, Int) -> Void
  ) {
    var done = 0
    while done < count {
      let seen = UInt64(offset + done)
      var real = seen
      var length = count - done
      if let fence = fences.first(where: { $0.range.contains(seen) }) {
        let place = fence.place(of: seen)
        real = place.address
        length = min(length, place.count)
      } else if let next = fences.map(\.range.lowerBound).filter({ $0 > seen }).min() {
        length = min(length, Int(next - seen))
      }
      // Pages that follow one another here may be anywhere in the guest's memory.
      length = min(length, PageLocation.pageBytes - Int(real % UInt64(PageLocation.pageBytes)))
      body(GraphicsAddress(real), length, done)
      done += length
    }
  }
}
