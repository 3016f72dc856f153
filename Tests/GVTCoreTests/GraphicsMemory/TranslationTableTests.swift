// The GGTT.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct TranslationTableTests {
  @Test func `an entry holds bit 0 and address bits 38 to 12`() {
    #expect(TranslationEntry(GuestAddress(0x1_0057_2abc)).rawValue == 0x1_0057_2001)
    #expect(TranslationEntry(rawValue: 0x1_0057_2001).address == GuestAddress(0x1_0057_2000))
    #expect(TranslationEntry(rawValue: 0x1_0057_2000).address == nil)
    #expect(TranslationEntry(rawValue: .max).address == GuestAddress(0x7f_ffff_f000))
  }

  @Test func `scattered pages translate in order, with gaps where nothing is`() throws {
    let ram = SharedDescriptor(try .memory(named: "ram"))
    let region = try #require(
      GuestMemoryRegion(start: GuestAddress(0x10_0000), byteCount: 1 << 20, descriptor: ram, fileOffset: 0x5000))
    let table = try TranslationTable()
    table[PageNumber(7)] = TranslationEntry(GuestAddress(0x10_3000))
    table[PageNumber(8)] = TranslationEntry(GuestAddress(0x10_0000))
    table[PageNumber(10)] = TranslationEntry(GuestAddress(0xdead_b000))
    table[PageNumber(11)] = TranslationEntry(GuestAddress(0x10_3000))
    let places = table.translate(PageNumber(7)..<PageNumber(12), through: GuestMemory([region]))
    #expect(
      places == [
        PageLocation(descriptor: ram, fileOffset: 0x8000), PageLocation(descriptor: ram, fileOffset: 0x5000),
        nil, nil, PageLocation(descriptor: ram, fileOffset: 0x8000),
      ])
  }

  @Test func `pages beyond the table are absent and cannot be written`() throws {
    let table = try TranslationTable()
    for page in [PageNumber(-1), PageNumber(TranslationTable.entryCount), PageNumber(.max)] {
      table[page] = TranslationEntry(rawValue: .max)
      #expect(table[page] == .absent)
    }
    let last = PageNumber(TranslationTable.entryCount - 1)
    let beyond = PageNumber(TranslationTable.entryCount + 2)
    #expect(table.translate(last..<beyond, through: GuestMemory()) == [nil, nil, nil])
  }

  @Test func `an entry can be written in two halves`() throws {
    let table = try TranslationTable()
    table[wordAt: 8 * 3 + 4] = 0x1
    table[wordAt: 8 * 3] = 0x0057_2001
    #expect(table[PageNumber(3)].rawValue == 0x1_0057_2001)
    #expect(table[wordAt: 8 * 3 + 4] == 1)
  }

  @Test func `whoever maps the table's file sees and makes the same entries`() throws {
    let table = try TranslationTable()
    let entry: UInt64 = 0x1234_5001
    let place = off_t(TranslationTable.fileOffset + 8 * 99)
    let written = unsafe withUnsafeBytes(of: entry) { unsafe pwrite(table.descriptor.raw, $0.baseAddress, 8, place) }
    #expect(written == 8)
    #expect(table[PageNumber(99)].address == GuestAddress(0x1234_5000))
  }

  @Test func `clearing makes every entry absent`() throws {
    let table = try TranslationTable()
    for page in [0, 4711, TranslationTable.entryCount - 1] {
      table[PageNumber(page)] = TranslationEntry(rawValue: .max)
    }
    table.clear()
    for page in [0, 4711, TranslationTable.entryCount - 1] {
      #expect(table[PageNumber(page)] == .absent)
    }
  }
}
