// The bytes of rectangles without pixels, against rfbproto.
import GVTCore
import NIOCore
import Testing

@testable import GVTDisplay

@Suite struct PseudoRectangleTests {
  private func bytes(_ rectangle: PseudoRectangle) -> [UInt8] {
    var buffer = ByteBuffer()
    rectangle.write(to: &buffer)
    return Array(buffer.readableBytesView)
  }

  @Test func `a new size names our screen by an id that is not 0`() {
    let size = PixelSize(width: 640, height: 480)
    #expect(
      bytes(.extendedDesktopSize(size, reason: .thisViewer, status: .prohibited)) == [
        0, 1, 0, 1, 2, 128, 1, 224, 255, 255, 254, 204, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 128, 1, 224, 0, 0, 0, 0,
      ])
  }

  @Test func `a cursor with alpha is red, green, blue, alpha in memory`() {
    let image = CursorImage(
      size: PixelSize(width: 1, height: 1), hotSpot: PixelPoint(x: 2, y: 3), pixels: [0x8040_2010])
    #expect(
      bytes(.cursorWithAlpha(image)) == [
        0, 2, 0, 3, 0, 1, 0, 1, 255, 255, 254, 198, 0, 0, 0, 0, 0x40, 0x20, 0x10, 0x80,
      ])
  }

  @Test func `a rich cursor has the viewer's pixels without alpha and a mask padded to bytes`() {
    var pixels = [UInt32](repeating: 0, count: 9)
    pixels[0] = 0xFF11_2233
    pixels[8] = 0x8011_1111
    let image = CursorImage(size: PixelSize(width: 9, height: 1), hotSpot: .zero, pixels: pixels)
    let written = bytes(.richCursor(image, .native))
    #expect(Array(written[12..<16]) == [0x33, 0x22, 0x11, 0])
    #expect(Array(written[44..<48]) == [0x22, 0x22, 0x22, 0], "colours are divided by their alpha")
    #expect(Array(written[48...]) == [0x80, 0x80])
  }

  @Test func `the largest cursor is written whole`() {
    let side = 256
    let image = CursorImage(
      size: PixelSize(width: side, height: side), hotSpot: .zero,
      pixels: Array(repeating: 0xFFFF_FFFF, count: side * side))
    #expect(bytes(.richCursor(image, .native)).count == 12 + side * side * 4 + side * side / 8)
  }

  @Test func `no pointer is one transparent pixel`() {
    #expect(bytes(.richCursor(nil, .native)) == [0, 0, 0, 0, 0, 1, 0, 1, 255, 255, 255, 17, 0, 0, 0, 0, 0])
  }

  @Test(arguments: [
    (UInt8(16), false, [UInt8(0x00), 0xF8]), (UInt8(16), true, [UInt8(0xF8), 0x00]),
  ])
  func `a pixel follows the viewer's depth and byte order`(bits: UInt8, isBig: Bool, expected: [UInt8]) {
    let format = ViewerPixelFormat(
      bitsPerPixel: bits, depth: 16, isBigEndian: isBig, isTrueColour: true, redMax: 31, greenMax: 63, blueMax: 31,
      redShift: 11, greenShift: 5, blueShift: 0)
    var buffer = ByteBuffer()
    format.write(rgb: 0xFF0000, to: &buffer)
    #expect(Array(buffer.readableBytesView) == expected)
  }

  @Test func `a desktop name is UTF-8 with its length`() {
    #expect(bytes(.desktopName("é")).suffix(6) == [0, 0, 0, 2, 0xC3, 0xA9])
  }

  @Test func `a viewer is sent only what it asked for`() {
    let capabilities = ViewerCapabilities(encodings: [
      EncodingNumber.copyRect, EncodingNumber.tight, EncodingNumber.zrle, -26, EncodingNumber.richCursor, 0x574D_5664,
    ])
    #expect(capabilities.preferredEncoding == EncodingNumber.tight)
    #expect(capabilities.drawsCursor)
    #expect(!capabilities.followsSize)
    #expect(capabilities.libraryEncodings == [EncodingNumber.tight, EncodingNumber.zrle, -26])
  }
}

@Suite struct FenceTests {
  @Test func `a request is answered with the flags that we know and its payload`() {
    let answer = Fence.answer(flags: 0x8000_00FF, payload: [1, 2, 3])
    #expect(answer.map { Array($0.readableBytesView) } == [248, 0, 0, 0, 0, 0, 0, 7, 3, 1, 2, 3])
    #expect(Fence.answer(flags: 7, payload: []) == nil)
  }

  @Test func `updates stop when three are not confirmed, and go on with an answer`() {
    var window = FenceWindow()
    window.isSupported = true
    let unneeded = window.next(isContinuous: false)
    #expect(unneeded == nil)
    for _ in 0..<3 { _ = window.next(isContinuous: true) }
    #expect(window.isFull)
    window.confirm(payload: [9, 0, 0, 0])
    #expect(window.isFull, "an answer to what was never asked confirms nothing")
    window.confirm(payload: [2, 0, 0, 0])
    #expect(!window.isFull)
    window.confirm(payload: [1, 0, 0, 0])
    #expect(!window.isFull, "late answers take nothing back")
  }
}
