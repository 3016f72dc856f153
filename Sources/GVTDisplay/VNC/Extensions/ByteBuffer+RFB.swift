// Writing RFB's big-endian numbers and rectangle headers.
package import GVTCore
package import NIOCore

extension ByteBuffer {
  /// A rectangle's header: position, size and encoding.
  package mutating func writeRectangleHeader(_ rect: PixelRect, encoding: Int32) {
    writeInteger(UInt16(clamping: rect.x))
    writeInteger(UInt16(clamping: rect.y))
    writeInteger(UInt16(clamping: rect.width))
    writeInteger(UInt16(clamping: rect.height))
    writeInteger(encoding)
  }

  /// The header of a framebuffer update with this many rectangles.
  package static func updateHeader(rectangleCount: Int) -> ByteBuffer {
    precondition(rectangleCount <= 0xFFFF, "\(rectangleCount) rectangles do not fit an update")
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(UInt8(0), UInt8(0), UInt16(rectangleCount))
    return buffer
  }
}
