// What a viewer can do, read from its SetEncodings. Nothing is sent to a viewer that is not in here.

/// A viewer's encodings, sorted into questions that the display asks.
package struct ViewerCapabilities: Equatable, Sendable {
  /// The first pixel encoding of the viewer's list that we have; Raw if there is none.
  package private(set) var preferredEncoding = EncodingNumber.raw
  /// The list for libvncserver: pixel encodings and levels, and nothing that would make it send anything else.
  package private(set) var libraryEncodings: [Int32] = []
  package private(set) var settings = EncodingSettings(jpegQuality: nil)
  private var pseudoEncodings: Set<Int32> = []

  /// A viewer that has not sent SetEncodings.
  package init() {}

  package init(encodings: [Int32]) {
    let pixels = encodings.filter { EncodingNumber.pixelEncodings.contains($0) }
    preferredEncoding = pixels.first ?? EncodingNumber.raw
    libraryEncodings = pixels + encodings.filter { EncodingNumber.isLevel($0) }
    settings = EncodingSettings(encodings: encodings)
    pseudoEncodings = Set(encodings.filter { $0 < 0 && !EncodingNumber.isLevel($0) })
  }

  package func has(_ pseudoEncoding: Int32) -> Bool { pseudoEncodings.contains(pseudoEncoding) }

  /// Draws the pointer itself from a shape that we send.
  package var drawsCursor: Bool {
    has(EncodingNumber.cursorWithAlpha) || has(EncodingNumber.richCursor)
  }

  /// Follows a change of the frame's size.
  package var followsSize: Bool {
    has(EncodingNumber.extendedDesktopSize) || has(EncodingNumber.desktopSize)
  }
}
