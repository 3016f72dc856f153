// The kernel's structures for VFIO, as bytes.
import GVTCore
import Testing

@Suite struct VFIORegionTests {
  /// A region with capabilities at the given places: id, the next one's place, type and subtype.
  private func region(_ first: UInt32, _ chain: [(at: Int, id: UInt32, next: UInt32)], count: Int = 96) -> VFIORegion {
    var structure = StructureBytes(count: count)
    structure[4] = 15
    structure[12] = first
    structure[wide: 16] = 1 << 33
    structure[wide: 24] = 9 << 40
    for link in chain {
      (structure[link.at], structure[link.at + 4]) = (link.id | 1 << 16, link.next)
      (structure[link.at + 8], structure[link.at + 12]) = (1, 1)
    }
    return VFIORegion(structure)
  }

  @Test func `size and place are 64 bits wide, and the kind is found along the chain`() {
    let found = region(64, [(64, 1, 32), (32, 2, 0)])
    #expect(found.byteCount == 1 << 33 && found.offset == 9 << 40 && found.isMappable && found.kind == .monitor)
  }

  @Test(
    arguments: [
      (0, 0), (4, 0), (31, 0), (96, 0), (90, 0), (UInt32.max, 0), (32, 32), (32, 33), (32, 4), (32, UInt32.max),
    ] as [(UInt32, UInt32)])
  func `a chain that leads nowhere, out, or in circles ends`(_ first: UInt32, _ next: UInt32) {
    #expect(region(first, [(32, 1, next)]).kind == nil)
  }

  @Test func `words beyond a structure's end are zeros, and writing there does nothing`() {
    var structure = StructureBytes([1, 2, 3, 4, 5])
    #expect(structure[0] == 0x0403_0201 && structure[4] == 0 && structure[1] == 0x0504_0302)
    structure[4] = 9
    #expect(structure.bytes == [1, 2, 3, 4, 5])
    structure[wide: 0] = 0xffff_ffff_0000_0007
    #expect(structure.bytes == [7, 0, 0, 0, 5])
  }
}
