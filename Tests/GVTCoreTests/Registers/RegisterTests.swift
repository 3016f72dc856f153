// Register values and the rules of rows.
import GVTCore
import Testing

@Suite struct RegisterTests {
  private struct Word: Register {
    var rawValue: UInt32
  }

  @Test(arguments: [(0, 0), (0, 31), (31, 31), (4, 7), (16, 31)])
  func `a field is set and read without touching its neighbours`(low: Int, high: Int) {
    let mask = UInt32(truncatingIfNeeded: (UInt64(1) << (high - low + 1) - 1) << low)
    var word = Word(rawValue: 0)
    word[low...high] = .max
    #expect(word.rawValue == mask)
    word = Word(rawValue: .max)
    word[low...high] = 0
    #expect(word.rawValue == ~mask)
    #expect(word[low...high] == 0)
  }

  @Test func `sizes are kept less one, PIPESRC the other way round`() {
    let size = PixelSize(width: 1024, height: 768)
    #expect(PlaneSize(size).rawValue == 0x02ff_03ff)
    #expect(PipeSource(size).rawValue == 0x03ff_02ff)
    #expect(PlaneSize(rawValue: 0x02ff_03ff).size == size)
    #expect(PipeSource(rawValue: 0x03ff_02ff).size == size)
    #expect(PlaneSize(rawValue: 0).size == PixelSize(width: 0, height: 0))
    #expect(DisplayTotal(active: 768, total: 806).rawValue == 0x0325_02ff)
  }

  @Test(arguments: [(0, 0), (-63, 5), (1919, -40), (-32767, -32767), (32767, 32767)])
  func `a cursor position keeps its signs`(x: Int, y: Int) {
    #expect(CursorPosition(PixelPoint(x: x, y: y)).point == PixelPoint(x: x, y: y))
  }

  @Test func `plain bits change where they are writable and covered`() {
    let rule = RegisterRule("R", at: 0, writable: 0x00ff_ffff)
    #expect(rule.stored(.max, lanes: .max, over: 0x1200_0000) == 0x12ff_ffff)
    #expect(rule.stored(0, lanes: 0x0000_ff00, over: 0x1234_5678) == 0x1234_0078)
  }

  @Test func `writing one clears`() {
    let rule = RegisterRule("R", at: 0, .writeOneToClear)
    #expect(rule.stored(0x0000_0101, lanes: .max, over: 0x0000_0111) == 0x10)
    #expect(rule.stored(.max, lanes: 0xff, over: 0x0000_0111) == 0x100)
    #expect(rule.stored(0, lanes: .max, over: 0x0000_0111) == 0x111)
  }

  @Test func `a masked register's high half selects the bits that are written`() {
    let rule = RegisterRule("R", at: 0, .masked)
    #expect(rule.stored(0x0003_0001, lanes: .max, over: 0xf6) == 0xf5)
    #expect(rule.stored(0x0000_ffff, lanes: .max, over: 0xf6) == 0xf6)
    // The mask is not written, so nothing is.
    #expect(rule.stored(0x0003_0001, lanes: 0xffff, over: 0xf6) == 0xf6)
    // Only the mask is written, and no bits for it to select.
    #expect(rule.stored(0x0003_0001, lanes: 0xffff_0000, over: 0xf6) == 0xf6)
  }

  @Test func `a read-only register stays`() {
    #expect(RegisterRule("R", at: 0, .readOnly).stored(.max, lanes: .max, over: 7) == 7)
  }
}
