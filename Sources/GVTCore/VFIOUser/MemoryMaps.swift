// The mappings that a client has announced, exactly as it did: what the device may reach, and what is merely there.
import Glibc

/// VFIO_USER_DMA_MAP and _UNMAP on a table in ascending order of addresses.
package struct MemoryMaps: Sendable {
  private struct Map {
    let range: Range<UInt64>
    let flags: UInt32
    let fileOffset: UInt64
    /// Nil for memory that can only be reached through the client, which this device never does.
    let file: OpenFile.Identity?
    let descriptor: SharedDescriptor?
  }

  private var maps: [Map] = []

  package init() {}

  package var count: Int { maps.count }

  /// Adds a mapping. What the device can reach of it, if anything.
  package mutating func add(
    _ request: MapRequest, _ descriptor: SharedDescriptor?
  ) throws(Refusal) -> GuestMemoryRegion? {
    let range = try Self.range(request.address, request.size)
    let known = MapRequest.readable | MapRequest.writable | MapRequest.needsDescriptor
    guard request.flags & ~known == 0 else { throw Refusal(EINVAL, "a memory mapping with unknown flags") }
    guard descriptor != nil || request.flags & MapRequest.needsDescriptor == 0 else {
      throw Refusal(EINVAL, "a memory mapping without the descriptor that it needs")
    }
    let file = try descriptor.map { descriptor throws(Refusal) in try Self.file(descriptor, request) }
    let index = firstIndex(endingAfter: range.lowerBound)
    if index < maps.count, maps[index].range.lowerBound < range.upperBound {
      let old = maps[index]
      // As libvfio-user: the same mapping once more changes nothing.
      guard old.range == range, old.flags == request.flags, old.fileOffset == request.fileOffset, old.file == file
      else { throw Refusal(EEXIST, "a memory mapping over another one") }
      return nil
    }
    guard maps.count < Capabilities.mostMappings else { throw Refusal(ENOSPC, "more memory mappings than agreed") }
    // One file counts as one, however often it is passed: pages are told apart by it, and descriptors are few.
    let shared = file.flatMap { file in maps.first { $0.file == file }?.descriptor } ?? descriptor
    maps.insert(
      Map(range: range, flags: request.flags, fileOffset: request.fileOffset, file: file, descriptor: shared), at: index
    )
    guard let shared, request.flags & MapRequest.readable != 0 else { return nil }
    return GuestMemoryRegion(
      start: GuestAddress(range.lowerBound), byteCount: Int(request.size), descriptor: shared,
      fileOffset: Int(request.fileOffset), isWritable: request.flags & MapRequest.writable != 0)
  }

  /// Removes whole mappings; the range that is gone.
  package mutating func remove(_ request: UnmapRequest) throws(Refusal) -> Range<GuestAddress> {
    guard request.flags & UnmapRequest.dirtyBitmap == 0 else {
      throw Refusal(ENOTSUP, "a question for dirty pages, which are not tracked")
    }
    guard request.flags & ~UnmapRequest.all == 0 else { throw Refusal(EINVAL, "an unmapping with unknown flags") }
    if request.flags & UnmapRequest.all != 0 {
      maps = []
      return GuestAddress(0)..<GuestAddress(.max)
    }
    let range = try Self.range(request.address, request.size)
    let first = firstIndex(endingAfter: range.lowerBound)
    let end = maps[first...].firstIndex { $0.range.lowerBound >= range.upperBound } ?? maps.endIndex
    guard first < end else { throw Refusal(ENOENT, "an unmapping of memory that is not mapped") }
    guard maps[first].range.lowerBound >= range.lowerBound, maps[end - 1].range.upperBound <= range.upperBound else {
      throw Refusal(EINVAL, "an unmapping of a part of a mapping")
    }
    maps.removeSubrange(first..<end)
    return GuestAddress(range.lowerBound)..<GuestAddress(range.upperBound)
  }

  private static func range(_ address: UInt64, _ size: UInt64) throws(Refusal) -> Range<UInt64> {
    let page = UInt64(PageLocation.pageBytes)
    let (end, overflow) = address.addingReportingOverflow(size)
    guard size > 0, !overflow, address % page == 0, size % page == 0, Int(exactly: size) != nil else {
      throw Refusal(EINVAL, "a memory mapping that is not whole pages")
    }
    return address..<end
  }

  private static func file(_ descriptor: SharedDescriptor, _ request: MapRequest) throws(Refusal) -> OpenFile.Identity {
    guard let file = try? OpenFile(descriptor) else { throw Refusal(EINVAL, "a descriptor that names no file") }
    let (end, overflow) = request.fileOffset.addingReportingOverflow(request.size)
    guard !overflow, let end = Int(exactly: end), request.fileOffset % UInt64(PageLocation.pageBytes) == 0 else {
      throw Refusal(EINVAL, "a memory mapping at an impossible place in its file")
    }
    if let byteCount = file.byteCount, end > byteCount {
      throw Refusal(EINVAL, "a memory mapping beyond the end of its file")
    }
    return file.identity
  }

  private func firstIndex(endingAfter address: UInt64) -> Int {
    var low = 0
    var high = maps.count
    while low < high {
      let middle = (low + high) / 2
      if maps[middle].range.upperBound > address { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
