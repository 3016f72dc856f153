// Pictures that tests compare: XRGB pixels, read and written through ImageMagick.
import Glibc

package struct Picture: Equatable, Sendable {
  package let width: Int
  package let height: Int
  /// 0x00RRGGBB, row by row.
  package var pixels: [UInt32]

  package init(width: Int, height: Int, pixels: [UInt32]? = nil) {
    self.width = width
    self.height = height
    self.pixels = pixels ?? Array(repeating: 0, count: width * height)
  }

  /// Reads any file that ImageMagick knows. `arguments` stand between input and output, such as a crop.
  package init(file: String, arguments: [String] = []) throws {
    let folder = try TemporaryFolder()
    let raw = folder.path("picture.ppm")
    let result = try runToEnd("convert", [file] + arguments + ["-alpha", "off", "-depth", "8", "ppm:\(raw)"])
    guard result.status == 0 else { throw TestFailure("convert \(file): \(result.errors)") }
    try self.init(ppm: readBytes(raw))
  }

  package init(ppm bytes: [UInt8]) throws {
    var position = 0
    func word() -> String {
      while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
      let start = position
      while position < bytes.count, bytes[position] > 0x20 { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }
    guard word() == "P6", let width = Int(word()), let height = Int(word()), word() == "255",
      bytes.count == position + 1 + width * height * 3
    else { throw TestFailure("not a PPM of 8 bits") }
    position += 1
    self.init(
      width: width, height: height,
      pixels: (0..<width * height).map {
        let at = position + $0 * 3
        return UInt32(bytes[at]) << 16 | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2])
      })
  }

  package func write(to path: String) throws {
    var bytes = Array("P6\n\(width) \(height)\n255\n".utf8)
    bytes.reserveCapacity(bytes.count + pixels.count * 3)
    for pixel in pixels {
      bytes.append(UInt8(truncatingIfNeeded: pixel >> 16))
      bytes.append(UInt8(truncatingIfNeeded: pixel >> 8))
      bytes.append(UInt8(truncatingIfNeeded: pixel))
    }
    try writeBytes(bytes, to: path)
  }

  /// How many pixels differ; all of them when the sizes do.
  package func differences(from other: Picture) -> Int {
    guard width == other.width, height == other.height else { return max(pixels.count, other.pixels.count) }
    var count = 0
    for index in pixels.indices where pixels[index] != other.pixels[index] { count += 1 }
    return count
  }

  /// Peak signal-to-noise ratio over all three channels in dB; infinite when equal, 0 when the sizes differ.
  package func psnr(to other: Picture) -> Double {
    guard width == other.width, height == other.height else { return 0 }
    var squares = 0
    for index in pixels.indices where pixels[index] != other.pixels[index] {
      for shift in [0, 8, 16] {
        let difference = Int(pixels[index] >> shift & 0xff) - Int(other.pixels[index] >> shift & 0xff)
        squares += difference * difference
      }
    }
    guard squares > 0 else { return .infinity }
    return 10 * log10(255 * 255 / (Double(squares) / Double(pixels.count * 3)))
  }

  package func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    let rows = (y..<y + height).flatMap { pixels[$0 * self.width + x..<$0 * self.width + x + width] }
    return Picture(width: width, height: height, pixels: rows)
  }

  /// The pixel at a place inside.
  package func at(_ x: Int, _ y: Int) -> UInt32 { x < width && y < height ? pixels[y * width + x] & 0xff_ffff : 0 }

  package var colours: Int { Set(pixels).count }
}
