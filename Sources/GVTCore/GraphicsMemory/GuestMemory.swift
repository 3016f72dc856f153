// Which file, and where in it, holds the memory at a guest-physical address.

/// Where a byte of guest memory really is.
package struct MemoryLocation: Equatable, Sendable {
  package var descriptor: SharedDescriptor
  /// Bytes from the start of the file.
  package var fileOffset: Int

  package init(descriptor: SharedDescriptor, fileOffset: Int) {
    self.descriptor = descriptor
    self.fileOffset = fileOffset
  }

  package static func == (a: MemoryLocation, b: MemoryLocation) -> Bool {
    a.descriptor === b.descriptor && a.fileOffset == b.fileOffset
  }
}

/// A range of guest-physical memory that is a part of a file: what a VMM announces as one DMA mapping.
package struct GuestMemoryRegion: Sendable {
  package let start: GuestAddress
  /// Bytes, a multiple of the page size.
  package let byteCount: Int
  package let descriptor: SharedDescriptor
  /// Where the region begins in the file, a multiple of the page size.
  package let fileOffset: Int
  /// Whether the device may write it; ROM and what stands in for it may only be read.
  package let isWritable: Bool

  /// Nil unless the region is whole pages in both spaces and ends within 64 bits in both.
  package init?(
    start: GuestAddress, byteCount: Int, descriptor: SharedDescriptor, fileOffset: Int, isWritable: Bool = true
  ) {
    let page = PageLocation.pageBytes
    guard byteCount > 0, fileOffset >= 0, byteCount % page == 0, fileOffset % page == 0 else { return nil }
    guard start.rawValue % UInt64(page) == 0 else { return nil }
    guard !fileOffset.addingReportingOverflow(byteCount).overflow else { return nil }
    guard !start.rawValue.addingReportingOverflow(UInt64(byteCount)).overflow else { return nil }
    self.start = start
    self.byteCount = byteCount
    self.descriptor = descriptor
    self.fileOffset = fileOffset
    self.isWritable = isWritable
  }

  package var end: GuestAddress { GuestAddress(start.rawValue + UInt64(byteCount)) }

  /// The part of this region within `range`; nil if there is none.
  fileprivate func clamped(to range: Range<GuestAddress>) -> GuestMemoryRegion? {
    let first = max(start, range.lowerBound)
    let last = min(end, range.upperBound)
    guard first < last else { return nil }
    return GuestMemoryRegion(
      start: first, byteCount: Int(last.rawValue - first.rawValue), descriptor: descriptor,
      fileOffset: fileOffset + Int(first.rawValue - start.rawValue), isWritable: isWritable)
  }
}

/// The guest's memory as a table of regions in ascending order, none of which overlap.
package struct GuestMemory: Sendable {
  package private(set) var regions: [GuestMemoryRegion] = []

  package init(_ regions: [GuestMemoryRegion] = []) {
    for region in regions { add(region) }
  }

  /// Adds a region. What it overlaps of others is replaced in the same step.
  package mutating func add(_ region: GuestMemoryRegion) {
    remove(region.start..<region.end)
    regions.insert(region, at: firstIndex(endingAfter: region.start))
  }

  /// Removes the pages of a range; regions that reach over its ends keep the rest. A range that cuts a page removes all
  /// of it.
  package mutating func remove(_ range: Range<GuestAddress>) {
    let pageMask = UInt64(PageLocation.pageBytes - 1)
    let first = GuestAddress(range.lowerBound.rawValue & ~pageMask)
    let (padded, overflow) = range.upperBound.rawValue.addingReportingOverflow(pageMask)
    let end = GuestAddress(overflow ? UInt64.max : padded & ~pageMask)
    guard !range.isEmpty else { return }
    var index = firstIndex(endingAfter: first)
    while index < regions.count, regions[index].start < end {
      let region = regions[index]
      let rest = [GuestAddress(0)..<first, end..<GuestAddress(UInt64.max)].compactMap { region.clamped(to: $0) }
      regions.replaceSubrange(index...index, with: rest)
      index += rest.count
    }
  }

  /// Where the byte at `address` is; nil if no region holds it.
  package func locate(_ address: GuestAddress) -> MemoryLocation? {
    guard let region = region(holding: address) else { return nil }
    let fileOffset = region.fileOffset + Int(address.rawValue - region.start.rawValue)
    return MemoryLocation(descriptor: region.descriptor, fileOffset: fileOffset)
  }

  /// The region that holds the byte at `address`.
  package func region(holding address: GuestAddress) -> GuestMemoryRegion? {
    let index = firstIndex(endingAfter: address)
    guard index < regions.count, regions[index].start <= address else { return nil }
    return regions[index]
  }

  private func firstIndex(endingAfter address: GuestAddress) -> Int {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].end > address { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
