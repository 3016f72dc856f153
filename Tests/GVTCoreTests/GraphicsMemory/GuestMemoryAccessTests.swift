// Guest memory as the device's DMA reaches it.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct GuestMemoryAccessTests {
  private let access = GuestMemoryAccess(mostWindows: 2)
  private let ram: SharedDescriptor
  private let memory: GuestMemory

  init() throws {
    ram = SharedDescriptor(try .memory(named: "ram", byteCount: 16 << 20))
    let low = try #require(
      GuestMemoryRegion(start: GuestAddress(0x1000), byteCount: 0x2000, descriptor: ram, fileOffset: 0x5000))
    let high = try #require(
      GuestMemoryRegion(
        start: GuestAddress(0x3000), byteCount: 0x1000, descriptor: ram, fileOffset: 0, isWritable: false))
    let large = try #require(
      GuestMemoryRegion(start: GuestAddress(1 << 32), byteCount: 16 << 20, descriptor: ram, fileOffset: 0))
    memory = GuestMemory([low, high, large])
  }

  @Test func `bytes are copied across pages and regions`() {
    let bytes = (0..<0x3000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    #expect(!access.write(bytes, 0..<bytes.count, to: GuestAddress(0x1800), of: memory))
    #expect(access.faults.counts == [.readOnlyPage: 1, .unmappedPage: 1])
    var back = [UInt8](repeating: 1, count: bytes.count + 2)
    #expect(!access.read(GuestAddress(0x1800), count: bytes.count, of: memory, into: &back, at: 1))
    #expect(back[1...0x1800] == bytes[..<0x1800])
    // The read-only page has what the file has; the page after it is nobody's.
    #expect(back[0x1801...0x3000] == ArraySlice([UInt8](repeating: 0, count: 0x1800)))
    #expect(back.first == 1 && back.last == 1)
    #expect(access.faults.counts == [.readOnlyPage: 1, .unmappedPage: 2])
  }

  @Test func `numbers are loaded and stored where they are aligned`() {
    #expect(access.store(UInt64(0x1122_3344_5566_7788), at: GuestAddress(0x1008), of: memory))
    #expect(access.load(UInt32.self, at: GuestAddress(0x100c), of: memory) == 0x1122_3344)
    #expect(access.load(UInt16.self, at: GuestAddress((1 << 32) + 0x5008), of: memory) == 0x7788)
    #expect(access.load(UInt32.self, at: GuestAddress(0x1009), of: memory) == nil)
    #expect(!access.store(UInt32(1), at: GuestAddress(0x1002), of: memory))
    #expect(access.load(UInt32.self, at: GuestAddress(0), of: memory) == nil)
    #expect(access.load(UInt64.self, at: GuestAddress(.max - 7), of: memory) == nil)
  }

  @Test func `more memory than there are windows is reached all the same`() {
    for round in 0..<3 as Range<UInt64> {
      for window in 0..<8 as Range<UInt64> {
        let address = GuestAddress(1 << 32 + window << 21)
        if round > 0 { #expect(access.load(UInt64.self, at: address, of: memory) == window + round - 1) }
        #expect(access.store(window + round, at: address, of: memory))
      }
    }
    #expect(access.faults.counts.isEmpty)
  }

  @Test func `a file that shrank reads as zeros, and is seen again when it has grown`() {
    let address = GuestAddress((1 << 32) + 0x10_0000)
    #expect(access.store(UInt32(5), at: address, of: memory))
    #expect(ftruncate(ram.raw, 0) == 0)
    var bytes = [UInt8](repeating: 1, count: 4)
    #expect(!access.read(address, count: 4, of: memory, into: &bytes))
    #expect(bytes == [0, 0, 0, 0])
    #expect(access.faults.counts == [.lostPage: 1])
    #expect(ftruncate(ram.raw, 16 << 20) == 0)
    #expect(access.store(UInt32(6), at: address, of: memory))
    #expect(access.load(UInt32.self, at: address, of: memory) == 6)
  }

  @Test func `a file that is open for reading only can be read, not written`() throws {
    let reader = SharedDescriptor(
      OwnedDescriptor(owning: try check("open") { unsafe open("/proc/self/fd/\(ram.raw)", O_RDONLY) }))
    let region = try #require(
      GuestMemoryRegion(start: GuestAddress(0), byteCount: 0x1000, descriptor: reader, fileOffset: 0))
    let memory = GuestMemory([region])
    #expect(access.load(UInt32.self, at: GuestAddress(0), of: memory) == 0)
    #expect(!access.store(UInt32(1), at: GuestAddress(0), of: memory))
    #expect(access.faults.counts == [.readOnlyPage: 1])
  }
}
