// What a viewer's hands do, on its way to the guest.
package import GVTCore

/// One key going down or up.
package struct KeyPress: Equatable, Sendable {
  /// The X keysym that the viewer names; 0 if it names none.
  package var keysym: UInt32
  /// The key itself as an XT scan code (rfbproto, QEMU Extended Key Event: 0xe0 NN is 0x80 | NN), if the viewer sends it.
  package var scanCode: UInt32?
  package var isDown: Bool

  package init(keysym: UInt32, scanCode: UInt32? = nil, isDown: Bool) {
    self.keysym = keysym
    self.scanCode = scanCode
    self.isDown = isDown
  }
}

/// The pointer's buttons as in RFB's PointerEvent.
package struct ButtonMask: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let left = ButtonMask(rawValue: 1)
  package static let middle = ButtonMask(rawValue: 2)
  package static let right = ButtonMask(rawValue: 4)
  package static let wheelUp = ButtonMask(rawValue: 8)
  package static let wheelDown = ButtonMask(rawValue: 16)
  package static let wheelLeft = ButtonMask(rawValue: 32)
  package static let wheelRight = ButtonMask(rawValue: 64)
  /// The eighth bit, "back", on mice with side buttons.
  package static let side = ButtonMask(rawValue: 128)
}

/// Where the pointer is and what it presses: a state, not a change.
package struct PointerState: Equatable, Sendable {
  /// In pixels of the frame; may lie outside it if the viewer says so.
  package var position: PixelPoint
  package var buttons: ButtonMask

  package init(position: PixelPoint, buttons: ButtonMask) {
    self.position = position
    self.buttons = buttons
  }
}

/// The lights on a keyboard (rfbproto, QEMU LED State).
package struct KeyboardLights: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let scrollLock = KeyboardLights(rawValue: 1)
  package static let numLock = KeyboardLights(rawValue: 2)
  package static let capsLock = KeyboardLights(rawValue: 4)
}

/// A way into the guest. Lives on the display's thread; never blocks.
package protocol InputSink: AnyObject {
  func send(_ key: KeyPress)
  /// `frame` is the size that the position refers to.
  func send(_ pointer: PointerState, within frame: PixelSize)
}
