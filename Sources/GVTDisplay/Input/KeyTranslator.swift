// One viewer's keys as a guest with a US keyboard has to see them: which key, and with which modifiers around it.

/// What the guest's keyboard is like when a key goes down.
package struct GuestKeyboard {
  /// The codes that somebody holds.
  package var heldCodes: Set<UInt32>
  /// Nil if the guest never said.
  package var lights: KeyboardLights?

  package init(heldCodes: Set<UInt32> = [], lights: KeyboardLights? = nil) {
    self.heldCodes = heldCodes
    self.lights = lights
  }
}

/// Translates the keys of one viewer and remembers which it holds.
///
/// A viewer that sends scan codes (QEMU extended key events) names keys and is taken at its word. One that sends only
/// keysyms names characters: the key is the one of a US keyboard, and Shift is pressed, or let go, around it where the
/// character needs that: an on-screen keyboard sends `A` with no Shift, a German one sends `/` with Shift held.
package struct KeyTranslator {
  /// A key going down, between the modifiers that have to change for just that moment.
  package struct Stroke: Equatable {
    package var before: [KeyPress] = []
    package var key: KeyPress
    package var after: [KeyPress] = []
  }

  /// What a viewer calls a key that it holds.
  private enum Identity: Hashable {
    case code(UInt32)
    case keysym(UInt32)
  }

  /// Nobody has more fingers; a viewer that only ever presses costs no more memory than this.
  package static let mostKeysHeld = 32

  private var held: [Identity: KeyPress] = [:]

  package init() {}

  /// The codes that this viewer holds.
  package var heldCodes: some Sequence<UInt32> { held.values.lazy.compactMap(\.scanCode) }

  /// Whether this viewer holds that very key, by whatever name.
  package func holds(_ key: KeyPress) -> Bool {
    held.values.contains { $0.scanCode == key.scanCode && (key.scanCode != nil || $0.keysym == key.keysym) }
  }

  /// What to send for a key that goes down or repeats; nil if the viewer holds too many already.
  ///
  /// Where a US keyboard has no such key, the press has no scan code and only a guest that understands keysyms can use it.
  package mutating func press(_ key: KeyPress, on guest: GuestKeyboard) -> Stroke? {
    let name = identity(of: key)
    guard held[name] != nil || held.count < Self.mostKeysHeld else { return nil }
    var stroke = stroke(for: key, on: guest)
    // A repeat is of the key that went down, whatever has happened to NumLock since.
    if let first = held[name] { stroke.key = first }
    held[name] = stroke.key
    return stroke
  }

  /// The key that a key-up lets go: exactly the one that its key-down pressed; nil if there was none.
  package mutating func release(_ key: KeyPress) -> KeyPress? {
    let name = held[identity(of: key)] == nil ? likelyName(of: key) : identity(of: key)
    guard let name, let first = held.removeValue(forKey: name) else { return nil }
    return first.released
  }

  /// Lets go of everything; modifiers last.
  package mutating func releaseAll() -> [KeyPress] {
    let keys = held.values.map(\.released)
    held = [:]
    return keys.filter { !$0.isModifier } + keys.filter(\.isModifier)
  }

  private func identity(of key: KeyPress) -> Identity {
    if let code = key.validScanCode { .code(code) } else { .keysym(key.keysym) }
  }

  /// A key-up may name another character than its key-down, when Shift was let go in between: then it is the one
  /// on the same key, or else the only one that can be meant.
  private func likelyName(of key: KeyPress) -> Identity? {
    if let row = KeyMap.row(for: key.keysym) {
      let codes = [row.code, row.otherCode]
      if let same = held.first(where: { codes.contains($0.value.scanCode ?? 0) }) { return same.key }
      if ModifierKey.all.contains(row.code) { return nil }
    }
    guard key.validScanCode == nil else { return nil }
    let characters = held.filter { !$0.value.isModifier }
    return characters.count == 1 ? characters.first?.key : nil
  }

  private func stroke(for key: KeyPress, on guest: GuestKeyboard) -> Stroke {
    if let code = key.validScanCode {
      return Stroke(key: KeyPress(keysym: key.keysym, scanCode: code, isDown: true))
    }
    guard let row = KeyMap.row(for: key.keysym) else {
      return Stroke(key: KeyPress(keysym: key.keysym, isDown: true))
    }
    let numLock = guest.lights?.contains(.numLock) ?? false
    let isElsewhere =
      switch row.condition {
      case .numLockOn: !numLock
      case .numLockOff: numLock
      case .plain, .shifted, .any: false
      }
    let code = isElsewhere ? row.otherCode : row.code
    var stroke = Stroke(key: KeyPress(keysym: key.keysym, scanCode: code, isDown: true))
    if let wanted = wantedShift(row, isElsewhere: isElsewhere, guest) {
      surround(&stroke, withShift: wanted, guest)
      liftLevelThree(&stroke, guest)
    }
    return stroke
  }

  /// Whether Shift has to be down; nil if it shall stay as it is.
  private func wantedShift(_ row: KeyMap.Row, isElsewhere: Bool, _ guest: GuestKeyboard) -> Bool? {
    if row.isLetter {
      // Control and Shift and C is a command, however the viewer spells C.
      if !guest.heldCodes.isDisjoint(with: ModifierKey.commands) { return nil }
      let capsLock = guest.lights?.contains(.capsLock) ?? false
      return (row.condition == .shifted) != capsLock
    }
    switch row.condition {
    case .plain: return false
    case .shifted: return true
    case .numLockOn: return isElsewhere ? false : nil
    case .any, .numLockOff: return nil
    }
  }

  private func surround(_ stroke: inout Stroke, withShift wanted: Bool, _ guest: GuestKeyboard) {
    let held = guest.heldCodes.intersection(ModifierKey.shifts).sorted()
    if wanted && held.isEmpty {
      let shift = KeyPress(
        keysym: ModifierKey.shiftKeysym, scanCode: ModifierKey.leftShift, isDown: true)
      stroke.before.append(shift)
      stroke.after.insert(shift.released, at: 0)
    } else if !wanted {
      for code in held {
        let shift = KeyPress(keysym: ModifierKey.shiftKeysym, scanCode: code, isDown: true)
        stroke.before.append(shift.released)
        stroke.after.insert(shift, at: 0)
      }
    }
  }

  /// AltGr that is held to make the character on the viewer's keyboard would spoil it on a US one.
  private func liftLevelThree(_ stroke: inout Stroke, _ guest: GuestKeyboard) {
    guard
      let levelThree = held.values.first(where: { ModifierKey.levelThreeKeysyms.contains($0.keysym) }),
      levelThree.scanCode != nil
    else { return }
    stroke.before.insert(levelThree.released, at: 0)
    stroke.after.append(levelThree)
  }
}

extension KeyPress {
  /// The scan code, if it is one: viewers that know none may send 0.
  var validScanCode: UInt32? {
    guard let scanCode, (1...0xff).contains(scanCode) else { return nil }
    return scanCode
  }

  var isModifier: Bool { scanCode.map(ModifierKey.all.contains) ?? false }

  var released: KeyPress { KeyPress(keysym: keysym, scanCode: scanCode, isDown: false) }
}
