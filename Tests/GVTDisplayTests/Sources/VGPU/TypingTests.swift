// Typing in the demo: characters by keysym, dead keys, editing keys, and a field that never grows without bound.
import GVTCore
import Testing

@testable import GVTDisplay

struct TypingTests {
  private func typed(_ keysyms: [UInt32]) -> String {
    var keyboard = KeyboardState()
    for keysym in keysyms {
      keyboard.handle(KeyPress(keysym: keysym, isDown: true))
      keyboard.handle(KeyPress(keysym: keysym, isDown: false))
    }
    return keyboard.text.lines.map { String($0) }.joined(separator: "\n")
  }

  @Test(
    arguments: [
      ([0xfe51, 0x65], "é"), ([0xfe57, 0x55], "Ü"), ([0xfe5c, 0x61], "ą"), ([0xfe52, 0x20], "^"),
      ([0xfe53, 0xfe53], "~"), ([0xfe51, 0x78], "´x"), ([0xfe51, 0xfe57, 0x75], "´ü"), ([0xfe51, 0xff1b, 0x65], "e"),
      ([0xfe51, 0xffe1, 0x45], "É"), ([0xfe50], ""), ([0x20ac, 0x1b1, 0x0100_0142], "€ął"),
      ([0xffb7, 0xffab, 0xffae], "7+."), ([0x61, 0xff0d, 0x62, 0xff08, 0xff08, 0x63], "ac"),
      ([0x61, 0x62, 0xff51, 0x63, 0xff50, 0x64, 0xff57, 0x65], "dacbe"), ([0x61, 0xff51, 0xffff], ""),
    ] as [([UInt32], String)])
  func `keys type what a person expects`(keysyms: [UInt32], text: String) {
    #expect(typed(keysyms) == text)
  }

  @Test func `Control and Alt make commands, AltGr makes characters`() {
    var keyboard = KeyboardState()
    func press(_ keysym: UInt32, _ isDown: Bool = true) { keyboard.handle(KeyPress(keysym: keysym, isDown: isDown)) }
    press(0xffe3)
    press(0x63)
    press(0xffe3, false)
    press(0xfe03)
    press(0x40)
    press(0xfe03, false)
    press(0xffe3)
    press(0xffe9)
    press(0x7b)
    #expect(String(keyboard.text.lines[0]) == "@{")
    #expect(keyboard.isHeld(.alt) && keyboard.isHeld(.control) && !keyboard.isHeld(.altGr))
  }

  @Test func `neither text nor held keys grow without bound`() {
    var keyboard = KeyboardState()
    for number in 0..<40_000 {
      keyboard.handle(KeyPress(keysym: number % 900 == 899 ? 0xff0d : 0x61, isDown: true))
    }
    for keysym in 0..<2000 { keyboard.handle(KeyPress(keysym: UInt32(keysym) + 0x0200_0000, isDown: true)) }
    #expect(keyboard.text.lines.count <= TypedText.maximumLines)
    #expect(keyboard.text.lines.allSatisfy { $0.count <= TypedText.maximumColumns })
    #expect(keyboard.held.count <= 256)
  }

  @Test func `any keysym whatever is taken`() {
    var keyboard = KeyboardState()
    var state: UInt32 = 1
    for _ in 0..<5000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      keyboard.handle(KeyPress(keysym: state >> (state & 24), scanCode: state, isDown: state & 0x8000 != 0))
      _ = Keysyms.name(state)
    }
    #expect(keyboard.text.rows(columns: 7, count: 4).count <= 4)
  }

  @Test(arguments: [1, 2, 5, 80], [1, 3, 10])
  func `the caret is always among the rows that are shown`(columns: Int, count: Int) {
    var text = TypedText()
    for step in 0..<300 {
      if step % 37 == 36 { text.breakLine() } else { text.insert("x") }
      if step % 11 == 0 { text.moveUp() }
      if step % 17 == 0 { text.moveDown() }
      let rows = text.rows(columns: columns, count: count)
      #expect(rows.count <= count && rows.filter { $0.caret != nil }.count == 1)
      #expect(rows.allSatisfy { $0.text.count <= columns })
    }
  }

  @Test(
    arguments: [(0xffe1, "Shift_L"), (0xe9, "é  U+00E9"), (0xfe51, "dead_acute"), (0, "none"), (0x20, "space  U+0020")]
      as [(UInt32, String)])
  func `keys have names`(keysym: UInt32, name: String) { #expect(Keysyms.name(keysym) == name) }
}
