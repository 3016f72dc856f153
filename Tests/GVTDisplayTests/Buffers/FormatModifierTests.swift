// What modifiers are called, and which of them we read.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct FormatModifierTests {
  @Test(arguments: [
    (UInt64(0), Tiling.linear), (0x00ff_ffff_ffff_ffff, .linear), (0x0100_0000_0000_0001, .x),
    (0x0100_0000_0000_0002, .y), (0x0100_0000_0000_0003, .yf),
  ])
  func `plain tilings are read`(modifier: UInt64, tiling: Tiling) {
    #expect(FormatModifier(rawValue: modifier).tiling == tiling)
  }

  @Test func `a compressed one is not, and is named`() {
    let compressed = FormatModifier(rawValue: 0x0100_0000_0000_0004)
    #expect(compressed.tiling == nil)
    #expect(compressed.name == "Y_TILED_CCS (0x100000000000004)")
    #expect(FormatModifier(rawValue: 0x7700_0000_0000_0001).name == "0x7700000000000001")
  }
}
