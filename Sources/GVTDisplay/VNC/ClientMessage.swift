// What a viewer can say after the handshake (rfbproto, Client to Server Messages), one whole message each.
package import GVTCore

/// A client's message, framed and checked, with numbers in host order.
package enum ClientMessage: Equatable, Sendable {
  /// Type 0.
  case setPixelFormat(ViewerPixelFormat)
  /// Type 2: encodings and pseudo-encodings, the most wanted first.
  case setEncodings([Int32])
  /// Type 3.
  case updateRequest(rect: PixelRect, isIncremental: Bool)
  /// Type 4, and type 255 submessage 0 with the scan code.
  case key(KeyPress)
  /// Type 5.
  case pointer(PointerState)
  /// Type 150.
  case enableContinuousUpdates(rect: PixelRect, isEnabled: Bool)
  /// Type 248, with at most 64 bytes.
  case fence(flags: UInt32, payload: [UInt8])
  /// Type 251.
  case setDesktopSize(PixelSize)
  /// Understood, framed and of no use to us: cut text, SetServerInput (9), xvp, gii, QEMU audio.
  case ignored(type: UInt8)
}

/// A viewer's pixel format (rfbproto, SetPixelFormat).
package struct ViewerPixelFormat: Hashable, Sendable {
  package var bitsPerPixel: UInt8
  package var depth: UInt8
  package var isBigEndian: Bool
  package var isTrueColour: Bool
  package var redMax: UInt16
  package var greenMax: UInt16
  package var blueMax: UInt16
  package var redShift: UInt8
  package var greenShift: UInt8
  package var blueShift: UInt8

  package init(
    bitsPerPixel: UInt8, depth: UInt8, isBigEndian: Bool, isTrueColour: Bool, redMax: UInt16,
    greenMax: UInt16, blueMax: UInt16, redShift: UInt8, greenShift: UInt8, blueShift: UInt8
  ) {
    self.bitsPerPixel = bitsPerPixel
    self.depth = depth
    self.isBigEndian = isBigEndian
    self.isTrueColour = isTrueColour
    self.redMax = redMax
    self.greenMax = greenMax
    self.blueMax = blueMax
    self.redShift = redShift
    self.greenShift = greenShift
    self.blueShift = blueShift
  }

  /// What ServerInit announces: the frame's own form.
  package static let native = ViewerPixelFormat(
    bitsPerPixel: 32, depth: 24, isBigEndian: false, isTrueColour: true, redMax: 255, greenMax: 255,
    blueMax: 255, redShift: 16, greenShift: 8, blueShift: 0)
}
