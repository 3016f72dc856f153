// Reading and writing regions, and what a client is told of them.
import CLinux
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct RegionTests {
  @Test func `a register is written and read back in every width`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let scratch = 0x4_f060
    try client.write(.registers, scratch, UInt64(0x8877_6655_4433_2211))
    #expect(try client.read(UInt8.self, .registers, scratch + 3) == 0x44)
    #expect(try client.read(UInt16.self, .registers, scratch + 2) == 0x4433)
    #expect(try client.read(UInt32.self, .registers, scratch + 4) == 0x8877_6655)
    #expect(try client.read(.registers, scratch + 1, count: 7) == [0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88])
    #expect(stage.function.device[scratch] == 0x4433_2211)
    #expect(try client.read(UInt64.self, .registers, MMIO.pvInfo) == 0x4776_5447_7654_4776)
  }

  @Test func `the table's half of BAR 0 can be mapped from the file that comes with the answer`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    var question: [UInt8] = []
    for number in [UInt32(32), 0, 0, 0] { question.append(number: number) }
    question += [UInt8](repeating: 0, count: 16)
    let short = try client.request(.regionInfo, question)
    // QEMU gives up unless the truncated answer says where the capabilities will be.
    #expect(short.body.count == 32 && short.body.number(UInt32.self, at: 0) == 64)
    #expect(short.body.number(UInt32.self, at: 4) == 0xf && short.body.number(UInt32.self, at: 12) == 32)
    question.store(UInt32(64), at: 0)
    let whole = try client.request(.regionInfo, question)
    #expect(whole.body.count == 64)
    #expect(whole.body.number(UInt64.self, at: 16) == 16 << 20)
    let base = whole.body.number(UInt64.self, at: 24)
    #expect(whole.body.number(UInt16.self, at: 32) == 1 && whole.body.number(UInt32.self, at: 40) == 1)
    let (offset, size) = (whole.body.number(UInt64.self, at: 48), whole.body.number(UInt64.self, at: 56))
    #expect(offset == 8 << 20 && size == 8 << 20)
    let file = try #require(whole.descriptors.first)
    let entry: UInt64 = 0x1234_5001
    let place = off_t(base + offset + 8 * 99)
    #expect(unsafe withUnsafeBytes(of: entry) { unsafe pwrite(file.raw, $0.baseAddress, 8, place) } == 8)
    #expect(try client.read(UInt64.self, .registers, MMIO.translationEntry(PageNumber(99))) == entry)
    #expect(stage.function.device.table[PageNumber(99)].address == GuestAddress(0x1234_5000))
  }
}
