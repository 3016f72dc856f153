// From keysyms to the keys of a US keyboard: look-ups in one generated table.

/// Finds the key that makes a keysym on a US keyboard.
///
/// Keys are XT scan codes as QEMU and RFB count them ("qnum"): 0xe0 NN is 0x80 | NN.
package enum KeyMap {
  /// What has to be true for a key to make its keysym.
  package enum Condition: Sendable {
    /// A character that needs Shift up.
    case plain
    /// A character that needs Shift down.
    case shifted
    /// Shift changes nothing that matters: Return, the arrows, the modifiers themselves.
    case any
    /// A keypad key that makes its digit while NumLock is on.
    case numLockOn
    /// A keypad key that moves while NumLock is off.
    case numLockOff
  }

  /// One keysym's key.
  package struct Row: Sendable {
    package let keysym: UInt32
    package let code: UInt32
    package let condition: Condition
    /// The key that means the same when NumLock is not as the condition wants it; else `code` again.
    package let otherCode: UInt32

    init(_ keysym: UInt32, _ code: UInt32, _ condition: Condition, _ otherCode: UInt32) {
      self.keysym = keysym
      self.code = code
      self.condition = condition
      self.otherCode = otherCode
    }

    /// A letter, which CapsLock changes as Shift does.
    var isLetter: Bool { (0x41...0x5a).contains(keysym) || (0x61...0x7a).contains(keysym) }
  }

  private static let rows = Dictionary(uniqueKeysWithValues: table.map { ($0.keysym, $0) })

  /// The row for a keysym; nil if a US keyboard has no such key.
  package static func row(for keysym: UInt32) -> Row? { rows[canonical(keysym)] }

  /// Keysyms have two spellings for a character: 0x01000000 + its Unicode number is also good for Latin-1
  /// (keysymdef.h, "Unicode"), whose own keysyms are the plain numbers.
  private static func canonical(_ keysym: UInt32) -> UInt32 {
    let unicode = keysym & 0x00ff_ffff
    guard keysym & 0xff00_0000 == 0x0100_0000 else { return keysym }
    switch unicode {
    case 0x20...0xff: return unicode
    case 0x08: return 0xff08
    case 0x09: return 0xff09
    case 0x0a, 0x0d: return 0xff0d
    case 0x1b: return 0xff1b
    case 0x7f: return 0xffff
    default: return keysym
    }
  }
}

/// The codes and keysyms that the translation of others turns on.
enum ModifierKey {
  static let leftShift: UInt32 = 0x2a
  static let rightShift: UInt32 = 0x36
  static let leftControl: UInt32 = 0x1d
  static let rightControl: UInt32 = 0x9d
  static let leftAlt: UInt32 = 0x38
  static let rightAlt: UInt32 = 0xb8
  static let leftSuper: UInt32 = 0xdb
  static let rightSuper: UInt32 = 0xdc
  static let capsLock: UInt32 = 0x3a
  static let numLock: UInt32 = 0x45
  static let scrollLock: UInt32 = 0x46

  static let shifts: Set<UInt32> = [leftShift, rightShift]
  /// Held, these make a command of a letter, not a character.
  static let commands: Set<UInt32> = [leftControl, rightControl, leftAlt, leftSuper, rightSuper]
  static let all: Set<UInt32> = shifts.union(commands).union([rightAlt, capsLock, numLock, scrollLock])

  static let shiftKeysym: UInt32 = 0xffe1
  /// ISO_Level3_Shift and Mode_switch: AltGr, as opposed to the right one of two Alt keys.
  static let levelThreeKeysyms: Set<UInt32> = [0xfe03, 0xff7e]
}
