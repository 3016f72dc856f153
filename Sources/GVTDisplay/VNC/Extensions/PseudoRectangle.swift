// The rectangles that carry no pixels: cursor, sizes, name, lights (rfbproto, Pseudo-encodings).
package import GVTCore
package import NIOCore

/// One pseudo-rectangle, ready to be written for a viewer that asked for its kind.
package enum PseudoRectangle: Equatable, Sendable {
  /// A shape in the viewer's pixel format with a one-bit mask; nil hides the pointer.
  case richCursor(CursorImage?, ViewerPixelFormat)
  /// A shape with eight bits of alpha; nil hides the pointer.
  case cursorWithAlpha(CursorImage?)
  case pointerPosition(PixelPoint)
  case desktopSize(PixelSize)
  case extendedDesktopSize(PixelSize, reason: ResizeReason, status: ResizeStatus)
  case desktopName(String)
  case extendedKeyEvent
  case lights(KeyboardLights)

  /// Who caused a new size (rfbproto, ExtendedDesktopSize, x-position).
  package enum ResizeReason: Int, Sendable {
    case server = 0
    case thisViewer = 1
    case otherViewer = 2
  }

  /// What became of a viewer's request (rfbproto, ExtendedDesktopSize, y-position).
  package enum ResizeStatus: Int, Sendable {
    case done = 0
    case prohibited = 1
    case outOfResources = 2
    case invalidLayout = 3
    /// QEMU's extension: the guest was asked and will change in its own time.
    case forwarded = 4
  }

  /// Our one screen. Not 0: libvncclient takes a screen 0 for invalid and then never follows.
  package static let screenID: UInt32 = 1

  /// The pseudo-encoding that a viewer must have asked for.
  package var encoding: Int32 {
    switch self {
    case .richCursor: EncodingNumber.richCursor
    case .cursorWithAlpha: EncodingNumber.cursorWithAlpha
    case .pointerPosition: EncodingNumber.pointerPosition
    case .desktopSize: EncodingNumber.desktopSize
    case .extendedDesktopSize: EncodingNumber.extendedDesktopSize
    case .desktopName: EncodingNumber.desktopName
    case .extendedKeyEvent: EncodingNumber.extendedKeyEvent
    case .lights: EncodingNumber.lightState
    }
  }

  package func write(to buffer: inout ByteBuffer) {
    switch self {
    case .richCursor(let image, let format): Self.writeRichCursor(image, format, to: &buffer)
    case .cursorWithAlpha(let image): Self.writeCursorWithAlpha(image, to: &buffer)
    case .pointerPosition(let point):
      buffer.writeRectangleHeader(
        PixelRect(x: point.x, y: point.y, width: 0, height: 0), encoding: EncodingNumber.pointerPosition)
    case .desktopSize(let size):
      buffer.writeRectangleHeader(size.bounds, encoding: EncodingNumber.desktopSize)
    case .extendedDesktopSize(let size, let reason, let status):
      Self.writeExtendedDesktopSize(size, reason, status, to: &buffer)
    case .desktopName(let name):
      buffer.writeRectangleHeader(.empty, encoding: EncodingNumber.desktopName)
      let bytes = Array(name.utf8)
      buffer.writeInteger(UInt32(bytes.count))
      buffer.writeBytes(bytes)
    case .extendedKeyEvent:
      buffer.writeRectangleHeader(.empty, encoding: EncodingNumber.extendedKeyEvent)
    case .lights(let lights):
      buffer.writeRectangleHeader(.empty, encoding: EncodingNumber.lightState)
      buffer.writeInteger(lights.rawValue)
    }
  }

  private static func writeExtendedDesktopSize(
    _ size: PixelSize, _ reason: ResizeReason, _ status: ResizeStatus, to buffer: inout ByteBuffer
  ) {
    let header = PixelRect(x: reason.rawValue, y: status.rawValue, width: size.width, height: size.height)
    buffer.writeRectangleHeader(header, encoding: EncodingNumber.extendedDesktopSize)
    buffer.writeMultipleIntegers(UInt8(1), UInt8(0), UInt16(0))
    buffer.writeMultipleIntegers(screenID, UInt16(0), UInt16(0))
    buffer.writeMultipleIntegers(UInt16(clamping: size.width), UInt16(clamping: size.height), UInt32(0))
  }

  // libvncclient ignores an empty cursor and keeps the old shape, so a hidden one is a transparent pixel.
  private static let hidden = CursorImage(size: PixelSize(width: 1, height: 1), hotSpot: .zero, pixels: [0])

  private static func cursorHeader(_ image: CursorImage) -> PixelRect {
    PixelRect(
      x: image.hotSpot.x, y: image.hotSpot.y, width: image.size.width, height: image.size.height)
  }

  private static func writeCursorWithAlpha(_ image: CursorImage?, to buffer: inout ByteBuffer) {
    let image = image ?? hidden
    buffer.writeRectangleHeader(cursorHeader(image), encoding: EncodingNumber.cursorWithAlpha)
    buffer.writeInteger(EncodingNumber.raw)
    for pixel in image.pixels {
      // Red, green, blue, alpha in memory, whatever the viewer's pixel format.
      buffer.writeInteger(pixel << 8 | pixel >> 24)
    }
  }

  private static func writeRichCursor(
    _ image: CursorImage?, _ format: ViewerPixelFormat, to buffer: inout ByteBuffer
  ) {
    let image = image ?? hidden
    buffer.writeRectangleHeader(cursorHeader(image), encoding: EncodingNumber.richCursor)
    for pixel in image.pixels { format.write(rgb: pixel.withoutAlpha, to: &buffer) }
    for y in 0..<image.size.height {
      let row = image.pixels[y * image.size.width..<(y + 1) * image.size.width]
      var byte: UInt8 = 0
      for (x, pixel) in row.enumerated() {
        if pixel >> 24 >= 128 { byte |= 0x80 >> UInt8(x % 8) }
        if x % 8 == 7 || x == image.size.width - 1 {
          buffer.writeInteger(byte)
          byte = 0
        }
      }
    }
  }
}

extension UInt32 {
  /// The colour 0x00RRGGBB of a pixel 0xAARRGGBB whose colours are multiplied by alpha.
  fileprivate var withoutAlpha: UInt32 {
    let alpha = self >> 24
    guard alpha > 0 && alpha < 255 else { return self & 0xFF_FFFF }
    func channel(_ shift: UInt32) -> UInt32 {
      Swift.min(255, ((self >> shift & 0xFF) * 255 + alpha / 2) / alpha) << shift
    }
    return channel(16) | channel(8) | channel(0)
  }
}

extension ViewerPixelFormat {
  /// BGR233, which libvncserver sets up in the colour map of a viewer that has one.
  private static let colourMapped = ViewerPixelFormat(
    bitsPerPixel: 8, depth: 8, isBigEndian: false, isTrueColour: true, redMax: 7, greenMax: 7, blueMax: 3,
    redShift: 0, greenShift: 3, blueShift: 6)

  /// One pixel 0x00RRGGBB in this format.
  package func write(rgb: UInt32, to buffer: inout ByteBuffer) {
    guard isTrueColour else { return Self.colourMapped.write(rgb: rgb, to: &buffer) }
    func scaled(_ shift: UInt32, _ max: UInt16, _ position: UInt8) -> UInt32 {
      (((rgb >> shift & 0xFF) * UInt32(max) + 127) / 255) << UInt32(position & 31)
    }
    let pixel = scaled(16, redMax, redShift) | scaled(8, greenMax, greenShift) | scaled(0, blueMax, blueShift)
    let endianness: Endianness = isBigEndian ? .big : .little
    switch bitsPerPixel {
    case 8: buffer.writeInteger(UInt8(truncatingIfNeeded: pixel))
    case 16: buffer.writeInteger(UInt16(truncatingIfNeeded: pixel), endianness: endianness)
    default: buffer.writeInteger(pixel, endianness: endianness)
    }
  }
}
