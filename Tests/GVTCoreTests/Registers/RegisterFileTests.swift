// The register space and its access widths.
import GVTCore
import Testing

@Suite struct RegisterFileTests {
  @Test func `without a rule a register reads what was last written`() {
    var file = RegisterFile([])
    #expect(file[0x1234 & ~3] == 0)
    file.store(0xdead_beef, lanes: .max, at: 0x1230)
    #expect(file[0x1230] == 0xdead_beef)
    file.reset()
    #expect(file[0x1230] == 0)
  }

  @Test func `a row covers its whole run and resets to its value`() {
    var file = RegisterFile([RegisterRule("R", at: 0x100, count: 3, reset: 5, writable: 0xf0)])
    for offset in [0x100, 0x104, 0x108] {
      file.store(.max, lanes: .max, at: offset)
      #expect(file[offset] == 0xf5)
    }
    file.store(.max, lanes: .max, at: 0x10c)
    #expect(file[0x10c] == .max)
    file.reset()
    #expect(file[0x104] == 5)
  }

  @Test(arguments: AccessWidth.allCases, 0..<9)
  func `every width at every alignment moves exactly its bytes`(width: AccessWidth, offset: Int) {
    let before: [UInt8] = (0..<24).map { UInt8($0) + 0x40 }
    let value: UInt64 = 0xf1e2_d3c4_b5a6_9788
    var words = (0..<6).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(before[4 * index + $1]) << (8 * $1) }
    }
    let accesses = WordAccess.words(at: offset, width)
    let read = accesses.reduce(UInt64(0)) { $0 | $1.contribution(words[$1.offset / 4]) }
    let expected = (0..<width.rawValue).reduce(UInt64(0)) { $0 | UInt64(before[offset + $1]) << (8 * $1) }
    #expect(read == expected)

    for access in accesses {
      let index = access.offset / 4
      words[index] = words[index] & ~access.lanes | access.part(of: value)
    }
    var after = before
    for byte in 0..<width.rawValue { after[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    #expect(bytes == after)
  }
}
