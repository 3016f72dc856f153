// A picture as a PNG file, for screenshots: libpng's simplified interface (png.h, "SIMPLIFIED API").
import CPNG
package import GVTCore

/// Why there is no PNG: libpng's words.
package struct PNGFailure: Error, CustomStringConvertible {
  package let description: String
}

/// The bytes of a PNG file that shows `pixels`, row by row as 0x00RRGGBB.
package func encodePNG(size: PixelSize, pixels: [UInt32]) throws(PNGFailure) -> [UInt8] {
  precondition(pixels.count == size.area, "a picture of \(size) has \(size.area) pixels, not \(pixels.count)")
  var colours: [UInt8] = []
  colours.reserveCapacity(pixels.count * 3)
  for pixel in pixels {
    colours.append(UInt8(truncatingIfNeeded: pixel >> 16))
    colours.append(UInt8(truncatingIfNeeded: pixel >> 8))
    colours.append(UInt8(truncatingIfNeeded: pixel))
  }
  var image = unsafe png_image()
  unsafe image.version = UInt32(PNG_IMAGE_VERSION)
  unsafe image.width = UInt32(size.width)
  unsafe image.height = UInt32(size.height)
  unsafe image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
  // Pixels that do not compress grow by a filter byte a row and deflate's headers, far less than a sixteenth.
  var count = colours.count + colours.count / 16 + 65536
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
    let isWritten = unsafe png_image_write_to_memory(&image, buffer.baseAddress, &count, 0, colours, 0, nil)
    used = isWritten != 0 ? count : 0
  }
  guard !bytes.isEmpty else {
    let message = unsafe withUnsafeBytes(of: image.message) { text in
      unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw PNGFailure(description: message)
  }
  return bytes
}
