// What the demo knows of the hands on it: keys and text, pointer, buttons and wheel.
import GVTCore

/// The keyboard window's state.
struct KeyboardState: Equatable, Sendable {
  private(set) var text = TypedText()
  private(set) var composer = KeyComposer()
  private(set) var last: KeyPress?
  private(set) var held: Set<UInt32> = []
  private(set) var strokes = 0

  enum Modifier: String, CaseIterable, Sendable {
    case shift = "Shift"
    case control = "Ctrl"
    case alt = "Alt"
    case altGr = "AltGr"
    case command = "Super"

    var keysyms: Set<UInt32> {
      switch self {
      case .shift: [0xffe1, 0xffe2]
      case .control: [0xffe3, 0xffe4]
      case .alt: [0xffe7, 0xffe8, 0xffe9, 0xffea]
      case .altGr: [0xfe03, 0xff7e]
      case .command: [0xffeb, 0xffec]
      }
    }
  }

  func isHeld(_ modifier: Modifier) -> Bool { !held.isDisjoint(with: modifier.keysyms) }

  mutating func handle(_ key: KeyPress) {
    last = key
    guard key.isDown else {
      held.remove(key.keysym)
      return
    }
    // A viewer may name any number of keysyms and never release one.
    if held.count < 256 { held.insert(key.keysym) }
    strokes += 1
    // With Control or Alt a letter is a command. AltGr makes characters, also where it arrives as Control with Alt.
    let isCommand = isHeld(.control) != isHeld(.alt) || isHeld(.command)
    if isCommand && !isHeld(.altGr) { return }
    if key.keysym == 0xff1b || key.keysym == 0xff08, composer.cancel() { return }
    if text.edit(key.keysym) { return }
    text.insert(composer.type(key.keysym))
  }
}

/// The pointer window's state.
struct PadState: Equatable, Sendable {
  private(set) var position = PixelPoint(x: 120, y: 120)
  private(set) var buttons: ButtonMask = []
  private(set) var trail: [PixelPoint] = []
  private(set) var wheel: [Int] = [0, 0, 0, 0]
  private(set) var clicks = 0

  static let wheels: [ButtonMask] = [.wheelUp, .wheelDown, .wheelLeft, .wheelRight]

  mutating func update(_ pointer: PointerState, in size: PixelSize) {
    let pressed = pointer.buttons.subtracting(buttons)
    for (index, button) in Self.wheels.enumerated() where pressed.contains(button) { wheel[index] += 1 }
    if !pressed.isDisjoint(with: [.left, .middle, .right, .side]) { clicks += 1 }
    buttons = pointer.buttons
    let before = position
    move(to: pointer.position, in: size)
    if position != before {
      trail.append(before)
      if trail.count > 40 { trail.removeFirst() }
    }
  }

  /// A viewer may name a place outside the screen: the nearest one inside counts.
  mutating func move(to point: PixelPoint, in size: PixelSize) {
    position = PixelPoint(
      x: min(max(0, point.x), size.width - 1), y: min(max(0, point.y), size.height - 1))
  }
}
