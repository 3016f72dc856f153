// The numbers in a viewer's SetEncodings that mean something to us (rfbproto, Encodings and Pseudo-encodings).

/// An encoding or pseudo-encoding by its number.
package enum EncodingNumber {
  package static let raw: Int32 = 0
  package static let copyRect: Int32 = 1
  package static let rre: Int32 = 2
  package static let coRRE: Int32 = 4
  package static let hextile: Int32 = 5
  package static let zlib: Int32 = 6
  package static let tight: Int32 = 7
  package static let ultra: Int32 = 9
  package static let zrle: Int32 = 16
  package static let zywrle: Int32 = 17

  package static let desktopSize: Int32 = -223
  package static let lastRect: Int32 = -224
  package static let pointerPosition: Int32 = -232
  package static let richCursor: Int32 = -239
  package static let extendedKeyEvent: Int32 = -258
  package static let lightState: Int32 = -261
  package static let desktopName: Int32 = -307
  package static let extendedDesktopSize: Int32 = -308
  package static let fence: Int32 = -312
  package static let continuousUpdates: Int32 = -313
  package static let cursorWithAlpha: Int32 = -314

  /// What libvncserver 0.9.14 can encode, less what is ours; the first of a viewer's list that is here or is
  /// ``tight`` is what the viewer prefers.
  package static let pixelEncodings: Set<Int32> = [
    raw, rre, coRRE, hextile, zlib, tight, ultra, zrle, zywrle,
  ]

  /// JPEG quality and compression levels, which libvncserver reads too.
  package static func isLevel(_ number: Int32) -> Bool {
    (-32 ... -23).contains(number) || (-256 ... -247).contains(number) || (-512 ... -412).contains(number)
      || (-768 ... -763).contains(number)
  }

  /// A pixel encoding's name as viewers' options spell it.
  package static func name(of number: Int32) -> String {
    switch number {
    case raw: "Raw"
    case rre: "RRE"
    case coRRE: "CoRRE"
    case hextile: "Hextile"
    case zlib: "Zlib"
    case tight: "Tight"
    case ultra: "Ultra"
    case zrle: "ZRLE"
    case zywrle: "ZYWRLE"
    default: "encoding \(number)"
    }
  }
}
