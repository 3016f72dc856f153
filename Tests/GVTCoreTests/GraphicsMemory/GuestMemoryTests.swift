// Where guest-physical addresses lead.
import GVTCore
import Testing
import VGPUTesting

@Suite struct GuestMemoryTests {
  private let ram: SharedDescriptor
  private let other: SharedDescriptor

  init() throws {
    ram = SharedDescriptor(try .memory(named: "ram"))
    other = SharedDescriptor(try .memory(named: "other"))
  }

  private func region(
    _ start: UInt64, pages: Int, in file: SharedDescriptor, at fileOffset: Int = 0
  ) throws -> GuestMemoryRegion {
    try #require(
      GuestMemoryRegion(
        start: GuestAddress(start), byteCount: pages * 4096, descriptor: file, fileOffset: fileOffset))
  }

  @Test func `an address is found in its region, byte for byte`() throws {
    let memory = GuestMemory([try region(0x1_0000, pages: 2, in: ram, at: 0x3000)])
    #expect(memory.locate(GuestAddress(0xffff)) == nil)
    #expect(memory.locate(GuestAddress(0x1_0000)) == MemoryLocation(descriptor: ram, fileOffset: 0x3000))
    #expect(memory.locate(GuestAddress(0x1_1fff)) == MemoryLocation(descriptor: ram, fileOffset: 0x4fff))
    #expect(memory.locate(GuestAddress(0x1_2000)) == nil)
  }

  @Test func `a new region replaces what it overlaps and leaves the rest`() throws {
    var memory = GuestMemory([try region(0, pages: 16, in: ram)])
    memory.add(try region(0x4000, pages: 2, in: other, at: 0x7000))
    #expect(memory.regions.map(\.start.rawValue) == [0, 0x4000, 0x6000])
    #expect(memory.locate(GuestAddress(0x3fff)) == MemoryLocation(descriptor: ram, fileOffset: 0x3fff))
    #expect(memory.locate(GuestAddress(0x5001)) == MemoryLocation(descriptor: other, fileOffset: 0x8001))
    #expect(memory.locate(GuestAddress(0x6000)) == MemoryLocation(descriptor: ram, fileOffset: 0x6000))
  }

  @Test func `a region that covers several others leaves nothing of them`() throws {
    var memory = GuestMemory([try region(0x1000, pages: 1, in: ram), try region(0x3000, pages: 1, in: ram)])
    memory.add(try region(0, pages: 8, in: other))
    #expect(memory.regions.count == 1)
    #expect(memory.locate(GuestAddress(0x3000))?.descriptor === other)
  }

  @Test func `removing a range takes whole pages`() throws {
    var memory = GuestMemory([try region(0, pages: 4, in: ram)])
    memory.remove(GuestAddress(0x1800)..<GuestAddress(0x1801))
    #expect(memory.locate(GuestAddress(0x0fff)) != nil)
    #expect(memory.locate(GuestAddress(0x1000)) == nil)
    #expect(memory.locate(GuestAddress(0x2000)) != nil)
    memory.remove(GuestAddress(0)..<GuestAddress(UInt64.max))
    #expect(memory.regions.isEmpty)
  }

  @Test(arguments: [(0x800, 4096, 0), (0, 100, 0), (0, 0, 0), (0, -4096, 0), (0, 4096, 12), (0, 4096, -4096)])
  func `a region that is not whole pages is refused`(start: Int, byteCount: Int, fileOffset: Int) {
    let start = GuestAddress(UInt64(start))
    #expect(
      GuestMemoryRegion(start: start, byteCount: byteCount, descriptor: ram, fileOffset: fileOffset) == nil)
  }

  @Test func `a region that wraps around is refused`() {
    let last = UInt64.max - 4095
    #expect(
      GuestMemoryRegion(start: GuestAddress(last), byteCount: 4096, descriptor: ram, fileOffset: 0) == nil)
    let far = Int.max - 4095
    #expect(
      GuestMemoryRegion(start: GuestAddress(0), byteCount: 4096, descriptor: ram, fileOffset: far) == nil)
  }
}
