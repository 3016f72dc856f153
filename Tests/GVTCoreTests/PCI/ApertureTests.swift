// The aperture: graphics memory through GGTT and fences.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct ApertureTests {
  private let function: PCIFunction
  private let ram: SharedDescriptor
  private let told = Locked<[MemoryFault]>([])

  init() throws {
    let told = told
    function = try PCIFunction(
      VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4")),
      onFault: { fault in told.withLock { $0.append(fault) } })
    ram = SharedDescriptor(try .memory(named: "ram", byteCount: 1 << 20))
    let region = try #require(
      GuestMemoryRegion(start: GuestAddress(0), byteCount: 1 << 20, descriptor: ram, fileOffset: 0))
    function.device.changeMemory { $0.add(region) }
  }

  private func map(_ page: Int, to guestPage: UInt64) {
    function.device.table[PageNumber(page)] = TranslationEntry(GuestAddress(guestPage << 12))
  }

  private func read(_ offset: UInt64, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    #expect(function.read(.aperture, at: offset, count: count, into: &bytes, at: 0))
    return bytes
  }

  private func write(_ offset: UInt64, _ bytes: [UInt8]) {
    #expect(function.write(.aperture, at: offset, bytes, 0..<bytes.count))
  }

  private func ramBytes(_ offset: Int, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    #expect(unsafe pread(ram.raw, &bytes, count, off_t(offset)) == count)
    return bytes
  }

  @Test func `an access that crosses pages goes to each page's own place`() {
    map(0, to: 7)
    map(1, to: 3)
    write(0xffe, [1, 2, 3, 4])
    #expect(ramBytes(0x7ffe, 2) == [1, 2])
    #expect(ramBytes(0x3000, 2) == [3, 4])
    #expect(read(0xffe, 4) == [1, 2, 3, 4])
    #expect(function.memoryAccess.faults.counts.isEmpty)
  }

  @Test func `what is not mapped reads as zeros and is counted, each kind told of once`() {
    map(2, to: 9)
    map(3, to: 0x1_0000)
    write(0x2ff0, [UInt8](repeating: 5, count: 16))
    for _ in 0..<3 {
      #expect(read(0x2ff8, 16) == [5, 5, 5, 5, 5, 5, 5, 5] + [UInt8](repeating: 0, count: 8))
      #expect(read(0x1_0000, 4) == [0, 0, 0, 0])
      write(0x1_0000, [1])
    }
    #expect(function.memoryAccess.faults.counts == [.unmappedPage: 3, .absentEntry: 6])
    #expect(told.withLock { $0 } == [.unmappedPage, .absentEntry])
    #expect(function.apertureAccessCount == 10)
  }

  @Test func `a fence lays tiles out as rows, for reads and writes alike`() {
    for page in 0..<32 { map(page, to: UInt64(100 + page)) }
    // 16 pages from the sixteenth on, rows of 1024 bytes, X tiles.
    function.device.write(MMIO.fence(2), 0x0001_f007_0001_0001, .qword)
    let row = (0..<1024).map { UInt8(truncatingIfNeeded: $0 / 4) }
    write(0x1_0000 + 1024 * 3, row)
    #expect(read(0x1_0000 + 1024 * 3, 1024) == row)
    #expect(ramBytes((100 + 16) << 12 | 3 * 512, 512) == Array(row[..<512]))
    #expect(ramBytes((100 + 17) << 12 | 3 * 512, 512) == Array(row[512...]))
    // An access that begins before the fence is not tiled there.
    write(0xfff0, [UInt8](repeating: 9, count: 32))
    #expect(ramBytes((100 + 15) << 12 | 0xff0, 16) == [UInt8](repeating: 9, count: 16))
    #expect(ramBytes((100 + 16) << 12, 16) == [UInt8](repeating: 9, count: 16))
  }

  @Test func `a fence that another guest's type does not have is no fence`() {
    for page in 0..<32 { map(page, to: UInt64(page)) }
    function.device.write(MMIO.fence(4), 0x0001_f007_0001_0001, .qword)
    write(0x1_0000 + 1024, [7])
    #expect(ramBytes(0x1_0400, 1) == [7])
  }
}
