// What a keysym means to somebody who types: a character, a dead key, or a key with a name.

/// Look-ups in ``KeysymData``.
enum Keysyms {
  private static let names = pairs(KeysymData.names)
  private static let characters = pairs(KeysymData.characters)

  private static func pairs(_ table: String) -> [UInt32: String] {
    var result: [UInt32: String] = [:]
    for entry in table.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let keysym = UInt32(parts[0], radix: 16) else { continue }
      result[keysym] = String(parts[1])
    }
    return result
  }

  /// The character that the keysym makes (keysymdef.h: Latin-1 are their own numbers, 0x01000000 + others' numbers).
  static func character(_ keysym: UInt32) -> Character? {
    switch keysym {
    case 0x20...0x7e, 0xa0...0xff: return Unicode.Scalar(keysym).map(Character.init)
    case 0x0100_0020...0x0110_ffff:
      guard keysym & 0xff_ffff >= 0xa0 || keysym & 0xff_ffff < 0x7f else { return nil }
      return Unicode.Scalar(keysym & 0xff_ffff).map(Character.init)
    // The keypad, as the digits and signs on it.
    case 0xffaa...0xffaf, 0xffb0...0xffb9: return Unicode.Scalar(keysym & 0x7f).map(Character.init)
    case 0xff80: return " "
    case 0xffbd: return "="
    default: return characters[keysym]?.first
    }
  }

  /// `Shift_L`, `dead_acute`, `é U+00E9`; a number for one that has no name.
  static func name(_ keysym: UInt32) -> String {
    if let name = names[keysym] { return name }
    guard let character = character(keysym), let scalar = character.unicodeScalars.first else {
      return keysym == 0 ? "none" : "keysym 0x" + String(keysym, radix: 16)
    }
    let code = String(scalar.value, radix: 16, uppercase: true)
    let padding = String(repeating: "0", count: max(0, 4 - code.count))
    return (character == " " ? "space" : String(character)) + "  U+\(padding)\(code)"
  }
}

/// Joins dead keys with the letters that follow them, as a keyboard driver's compose table does.
struct KeyComposer: Equatable, Sendable {
  /// The dead key that waits for its letter.
  private(set) var pending: UInt32?

  private struct Accent {
    var alone: Character
    var letters: [Character: Character]
  }

  private static let accents: [UInt32: Accent] = {
    var result: [UInt32: Accent] = [:]
    for line in KeysymData.compositions.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let keysym = UInt32(parts[0], radix: 16) else { continue }
      let characters = Array(parts[1])
      var letters: [Character: Character] = [:]
      for index in stride(from: 1, to: characters.count - 1, by: 2) {
        letters[characters[index]] = characters[index + 1]
      }
      result[keysym] = Accent(alone: characters[0], letters: letters)
    }
    return result
  }()

  /// The accent that waits, to be shown where its letter will be.
  var pendingAccent: Character? { pending.flatMap { Self.accents[$0]?.alone } }

  /// What the key types. Nothing for a dead key: it waits. A dead key twice, or with a space, is its accent; with a
  /// letter that cannot have the accent, both.
  mutating func type(_ keysym: UInt32) -> String {
    guard let first = pending, let accent = Self.accents[first] else {
      if Self.accents[keysym] != nil {
        pending = keysym
        return ""
      }
      return Keysyms.character(keysym).map { String($0) } ?? ""
    }
    if keysym == first {
      pending = nil
      return String(accent.alone)
    }
    if Self.accents[keysym] != nil {
      pending = keysym
      return String(accent.alone)
    }
    guard let letter = Keysyms.character(keysym) else { return "" }
    pending = nil
    if letter == " " || letter == "\u{a0}" { return String(accent.alone) }
    return accent.letters[letter].map { String($0) } ?? String([accent.alone, letter])
  }

  /// Forgets a dead key that waits; false if there is none.
  mutating func cancel() -> Bool {
    defer { pending = nil }
    return pending != nil
  }
}
