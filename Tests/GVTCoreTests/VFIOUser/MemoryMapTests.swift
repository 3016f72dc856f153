// VFIO_USER_DMA_MAP and _UNMAP.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct MemoryMapTests {
  private let ram = 1 << 20

  private func file() throws -> SharedDescriptor { SharedDescriptor(try .memory(named: "ram", byteCount: ram)) }

  @Test func `mapped memory is known by its place in the file, and unmapped memory is gone`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = try file()
    #expect(try client.map(ram, at: 0x10_0000, size: 0x4000, fileOffset: 0x8000) == 0)
    #expect(stage.function.device.memory.locate(GuestAddress(0x10_1234))?.fileOffset == 0x9234)
    #expect(try client.unmap(at: 0x10_0000, size: 0x4000) == 0)
    #expect(stage.function.device.memory.regions.isEmpty)
    #expect(stage.wait { $0 == .memoryChanged })
  }

  @Test func `the answer to an unmapping repeats it`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    try client.map(nil, at: 0x1000, size: 0x1000)
    var body: [UInt8] = []
    body.append(number: UInt32(24))
    body.append(number: UInt32(0))
    body.append(number: UInt64(0x1000))
    body.append(number: UInt64(0x1000))
    #expect(try client.request(.unmapMemory, body).body == body)
  }

  @Test func `memory without a descriptor is accepted, and out of reach`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.map(nil, at: 0xfffc_0000, size: 0x4_0000, flags: 1) == 0)
    #expect(stage.function.device.memory.regions.isEmpty)
    #expect(try client.unmap(at: 0xfffc_0000, size: 0x4_0000) == 0)
  }

  @Test func `one file passed twice counts as one`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = try file()
    try client.map(ram, at: 0, size: 0x1000)
    try client.map(ram, at: 0x2000, size: 0x1000, fileOffset: 0x2000)
    let regions = stage.function.device.memory.regions
    #expect(regions.count == 2)
    #expect(regions[0].descriptor === regions[1].descriptor)
  }

  @Test func `memory that is only readable may not be written by the device`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = try file()
    try client.map(ram, at: 0, size: 0x1000, flags: 1)
    try client.map(ram, at: 0x1000, size: 0x1000, fileOffset: 0x1000, flags: 3)
    let memory = stage.function.device.memory
    #expect(memory.regions.map(\.isWritable) == [false, true])
    #expect(!stage.function.memoryAccess.store(UInt32(1), at: GuestAddress(0), of: memory))
    #expect(stage.function.memoryAccess.store(UInt32(1), at: GuestAddress(0x1000), of: memory))
    #expect(stage.function.memoryAccess.faults.counts == [.readOnlyPage: 1])
  }

  @Test func `mapping over another mapping is refused, the same once more is not`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = try file()
    #expect(try client.map(ram, at: 0x4000, size: 0x4000) == 0)
    #expect(try client.map(ram, at: 0x4000, size: 0x4000) == 0)
    for (address, size) in [(0x3000, 0x2000), (0x5000, 0x1000), (0x7000, 0x2000), (0, 0x10000)] as [(UInt64, UInt64)] {
      #expect(try client.map(ram, at: address, size: size) == EEXIST)
    }
    #expect(try client.map(ram, at: 0x8000, size: 0x1000) == 0)
    #expect(stage.function.device.memory.regions.count == 2)
  }

  /// Address, size, offset in the file and flags of mappings that cannot be.
  @Test(
    arguments: [
      (0x800, 0x1000, 0, 3), (0, 0x800, 0, 3), (0, 0, 0, 3), (0, 0x1000, 0x10, 3), (0, 0x1000, 1 << 20, 3),
      (0, 0x1000, 0xf_f000, 0x13), (0xffff_ffff_ffff_f000, 0x1000, 0, 3), (0, 0xffff_ffff_ffff_f000, 0, 3),
      (0, 0x1000, 0xffff_ffff_ffff_f000, 3), (0x1000, 0x8000_0000_0000_0000, 0, 3),
    ] as [(UInt64, UInt64, UInt64, UInt32)])
  func `mappings that are not whole pages of their file are refused`(
    address: UInt64, size: UInt64, offset: UInt64, flags: UInt32
  ) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.map(try file(), at: address, size: size, fileOffset: offset, flags: flags) == EINVAL)
    #expect(try client.map(nil, at: 0, size: 0x1000, flags: 7) == EINVAL)
    #expect(stage.function.device.memory.regions.isEmpty)
  }

  @Test func `an unmapping takes whole mappings, or all`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = try file()
    for page in 0..<4 as Range<UInt64> { try client.map(ram, at: page << 12, size: 0x1000, fileOffset: page << 12) }
    try client.map(ram, at: 0x8000, size: 0x2000)
    #expect(try client.unmap(at: 0x8000, size: 0x1000) == EINVAL)
    #expect(try client.unmap(at: 0x7000, size: 0x2000) == EINVAL)
    #expect(try client.unmap(at: 0x10000, size: 0x1000) == ENOENT)
    #expect(try client.unmap(at: 0x1000, size: 0x2000) == 0)
    #expect(stage.function.device.memory.regions.map(\.start.rawValue) == [0, 0x3000, 0x8000])
    #expect(try client.unmap(at: 0, size: 0x1000, flags: 1) == ENOTSUP)
    #expect(try client.unmap(at: 0, size: 0, flags: 2) == 0)
    #expect(stage.function.device.memory.regions.isEmpty)
  }
}
