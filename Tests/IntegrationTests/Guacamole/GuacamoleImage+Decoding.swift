// The compressed images that guacd sends, through the libraries that browsers use for them.
import CPNG
import CTurboJPEG
import TestSupport

extension GuacamoleImage {
  init(_ bytes: [UInt8], mimeType: String) throws {
    switch mimeType {
    case "image/png": try self.init(png: bytes)
    case "image/jpeg": try self.init(jpeg: bytes)
    default: throw TestFailure("an image of type \(mimeType), which was not offered")
    }
  }

  private init(png bytes: [UInt8]) throws {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    guard png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0 else {
      throw TestFailure("a PNG of \(bytes.count) bytes cannot be read")
    }
    // PNG_FORMAT_BGRA, a macro that Swift does not see: colour and alpha, blue first.
    image.format = UInt32(PNG_FORMAT_FLAG_BGR | PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
    var pixels = [UInt32](repeating: 0, count: Int(image.width) * Int(image.height))
    guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else {
      throw TestFailure("a PNG of \(image.width) x \(image.height) cannot be read")
    }
    self.init(width: Int(image.width), height: Int(image.height), pixels: pixels)
  }

  private init(jpeg bytes: [UInt8]) throws {
    guard let decoder = tjInitDecompress() else { throw TestFailure("tjInitDecompress") }
    defer { tjDestroy(decoder) }
    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &space) == 0 else {
      throw TestFailure("a JPEG of \(bytes.count) bytes cannot be read")
    }
    var pixels = [UInt32](repeating: 0, count: Int(width) * Int(height))
    let code = pixels.withUnsafeMutableBytes { target in
      tjDecompress2(
        decoder, bytes, UInt(bytes.count), target.bindMemory(to: UInt8.self).baseAddress, width, 0, height,
        Int32(TJPF_BGRA.rawValue), TJFLAG_ACCURATEDCT)
    }
    guard code == 0 else { throw TestFailure("JPEG: \(String(cString: tjGetErrorStr2(decoder)))") }
    self.init(width: Int(width), height: Int(height), pixels: pixels)
  }
}
