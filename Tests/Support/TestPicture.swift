// A still picture with something of everything, and the shared-memory file that a display can be served from.

extension Picture {
  /// Plain areas, two-colour patterns like text, a ramp, many-coloured flat shapes, and a photo-like part.
  package static func mixed(width: Int, height: Int, seed: UInt32 = 1) -> Picture {
    var picture = Picture(width: width, height: height)
    var random = seed
    for y in 0..<height {
      for x in 0..<width {
        random = random &* 1_664_525 &+ 1_013_904_223
        picture.pixels[y * width + x] = mixedPixel(x, y, width, height, random >> 8)
      }
    }
    return picture
  }

  /// A part of a mixed picture that looks like text, away from parts that do not.
  package var textSample: (x: Int, y: Int, width: Int, height: Int) {
    (x: width / 3 + 2, y: 2, width: width / 4, height: height / 3)
  }

  private static func mixedPixel(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ random: UInt32) -> UInt32 {
    switch (x * 3 / width, y * 2 / height) {
    case (0, 0): return 0x2060a0
    case (1, 0): return (x / 3 ^ y / 5) % 3 == 0 ? 0x101010 : 0xf8f8f0
    case (2, 0): return UInt32(x * 255 / width) << 16 | UInt32(y * 255 / height) << 8 | 0x40
    case (0, _): return [0xff0000, 0x00ff00, 0x0000ff, 0xffff00, 0xff00ff, 0x00ffff, 0xffffff][(x / 20 + y / 12) % 7]
    case (1, _): return (x + y) % 97 == 0 ? 0xffffff : 0x303840
    default:
      // Smooth waves with a little grain, as a photo has.
      func wave(_ a: Int, _ b: Int) -> Int { abs((x * a + y * b) % 510 - 255) }
      let grain = Int(random % 7)
      let (red, green, blue) = (wave(1, 2), wave(2, 1), wave(1, 1))
      return UInt32(min(255, red + grain)) << 16 | UInt32(min(255, green + grain)) << 8 | UInt32(min(255, blue + grain))
    }
  }

  /// The picture as XR24 with garbage where X is, which nobody may show.
  package var xr24: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pixels.count * 4)
    for pixel in pixels {
      for shift: UInt32 in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: pixel >> shift)) }
      bytes.append(0xa5)
    }
    return bytes
  }

  /// Writes the picture as a plane and returns its SPEC.
  package func plane(in folder: TemporaryFolder) throws -> String {
    let path = folder.path("plane-\(folder.nextNumber())")
    try writeBytes(xr24, to: path)
    return "shm:\(path)?size=\(width)x\(height)&format=XR24"
  }
}
