// What a guest's keyboard sees of one viewer's keys.
import Testing

@testable import GVTDisplay

/// `+1e` for a code going down, `-1e` for one going up.
private func spell(_ keys: [KeyPress]) -> String {
  keys.map { ($0.isDown ? "+" : "-") + ($0.scanCode.map { String($0, radix: 16) } ?? "none") }
    .joined(separator: " ")
}

private func spell(_ stroke: KeyTranslator.Stroke?) -> String {
  guard let stroke else { return "" }
  return spell(stroke.before + [stroke.key] + stroke.after)
}

private func down(_ keysym: UInt32, _ code: UInt32? = nil) -> KeyPress {
  KeyPress(keysym: keysym, scanCode: code, isDown: true)
}

private func up(_ keysym: UInt32, _ code: UInt32? = nil) -> KeyPress { down(keysym, code).released }

struct Case: Sendable {
  let keysym: UInt32
  let held: Set<UInt32>
  let lights: KeyboardLights
  let sent: String

  init(_ keysym: UInt32, held: Set<UInt32> = [], lights: KeyboardLights = [], _ sent: String) {
    self.keysym = keysym
    self.held = held
    self.lights = lights
    self.sent = sent
  }
}

private let characterCases: [Case] = [
  .init(0x61, "+1e"),
  .init(0x41, "+2a +1e -2a"),  // an on-screen keyboard's A
  .init(0x41, held: [0x2a], "+1e"),
  .init(0x41, lights: .capsLock, "+1e"),
  .init(0x61, lights: .capsLock, "+2a +1e -2a"),
  .init(0x61, held: [0x36], "-36 +1e +36"),
  .init(0x43, held: [0x1d], "+2e"),  // Control and C, however it is spelt
  .init(0x63, held: [0x1d, 0x2a], "+2e"),
  .init(0x2f, held: [0x2a], "-2a +35 +2a"),  // a German keyboard's Shift+7
  .init(0x2f, held: [0x2a, 0x1d], "-2a +35 +2a"),
  .init(0x40, "+2a +3 -2a"),
  .init(0x20, held: [0x2a], "+39"),
  .init(0xff0d, held: [0x2a], "+1c"),
  .init(0xff51, held: [0x2a], "+cb"),
  .init(0xfe03, "+b8"),
  .init(0xfe20, held: [0x2a], "+f"),
  .init(0xfe51, "+28"),
  .init(0xfe53, "+2a +29 -2a"),
  .init(0x0100_0040, "+2a +3 -2a"),
  .init(0x0100_000d, "+1c"),
  .init(0x1008_ff13, "+b0"),
  .init(0x0100_20ac, "+none"),
  .init(0xe9, "+none"),
  .init(0xffff_ffff, "+none"),
  .init(0, "+none"),
]

private let keypadCases: [Case] = [
  .init(0xffb7, lights: .numLock, "+47"),
  .init(0xffb7, "+8"),
  .init(0xffb7, held: [0x2a], "-2a +8 +2a"),
  .init(0xff95, "+47"),
  .init(0xff95, lights: .numLock, "+c7"),
  .init(0xffae, "+34"),
  .init(0xffab, "+4e"),
  .init(0xff8d, lights: .numLock, "+9c"),
]

@Suite struct KeyTranslatorTests {
  @Test(arguments: characterCases)
  func `a keysym becomes a key with the Shift it needs`(_ example: Case) {
    var keys = KeyTranslator()
    let guest = GuestKeyboard(heldCodes: example.held, lights: example.lights)
    #expect(spell(keys.press(down(example.keysym), on: guest)) == example.sent)
  }

  @Test(arguments: keypadCases)
  func `a keypad key means the same whatever the guest's NumLock`(_ example: Case) {
    var keys = KeyTranslator()
    let guest = GuestKeyboard(heldCodes: example.held, lights: example.lights)
    #expect(spell(keys.press(down(example.keysym), on: guest)) == example.sent)
  }

  @Test(arguments: [UInt32(0), 0x100, 0xffff_ffff])
  func `a scan code that is none gives way to the keysym`(code: UInt32) {
    var keys = KeyTranslator()
    #expect(spell(keys.press(down(0x61, code), on: GuestKeyboard())) == "+1e")
    #expect(keys.release(up(0x61, code))?.scanCode == 0x1e)
  }

  @Test func `AltGr is let go around the character that it made`() {
    var keys = KeyTranslator()
    _ = keys.press(down(0xfe03), on: GuestKeyboard())
    let stroke = keys.press(down(0x40), on: GuestKeyboard(heldCodes: [0xb8]))
    #expect(spell(stroke) == "-b8 +2a +3 -2a +b8")
  }

  @Test func `a key-up releases what its key-down pressed, whatever character it names now`() {
    var keys = KeyTranslator()
    _ = keys.press(down(0x41), on: GuestKeyboard(heldCodes: [0x2a]))
    #expect(keys.release(up(0x61))?.scanCode == 0x1e)
    // A German Shift+7, with Shift let go first.
    _ = keys.press(down(0x2f), on: GuestKeyboard(heldCodes: [0x2a]))
    #expect(keys.release(up(0x37))?.scanCode == 0x35)
    #expect(keys.release(up(0x37)) == nil)
  }

  @Test func `a modifier's key-up never releases a character`() {
    var keys = KeyTranslator()
    _ = keys.press(down(0x61), on: GuestKeyboard())
    #expect(keys.release(up(0xffe1)) == nil)
    #expect(keys.holds(down(0x61, 0x1e)))
  }

  @Test func `a repeat is of the key that went down`() {
    var keys = KeyTranslator()
    _ = keys.press(down(0xffb7), on: GuestKeyboard(lights: .numLock))
    #expect(spell(keys.press(down(0xffb7), on: GuestKeyboard(lights: []))).contains("+47"))
    #expect(keys.release(up(0xffb7))?.scanCode == 0x47)
  }

  @Test func `a viewer that only presses is bounded`() {
    var keys = KeyTranslator()
    for keysym in UInt32(0x0100_1000)..<0x0100_3000 { _ = keys.press(down(keysym), on: GuestKeyboard()) }
    #expect(keys.releaseAll().count == KeyTranslator.mostKeysHeld)
  }

  @Test func `everything is released, modifiers last`() {
    var keys = KeyTranslator()
    _ = keys.press(down(0xffe3), on: GuestKeyboard())
    _ = keys.press(down(0x63), on: GuestKeyboard(heldCodes: [0x1d]))
    #expect(spell(keys.releaseAll()) == "-2e -1d")
    #expect(keys.releaseAll().isEmpty)
  }

  @Test func `every code of the table is a scan code and every printable character has a key`() {
    for row in KeyMap.table {
      #expect((1...0xff).contains(row.code) && (1...0xff).contains(row.otherCode), "\(row)")
    }
    for keysym in UInt32(0x20)...0x7e { #expect(KeyMap.row(for: keysym) != nil, "\(keysym)") }
  }
}
