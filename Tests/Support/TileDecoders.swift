// Hextile and ZRLE on the receiving side (RFC 6143 sections 7.7.4 and 7.7.6).

extension RFBTestClient {
  func hextile(_ width: Int, _ height: Int) throws -> [UInt32] {
    var pixels = [UInt32](repeating: 0, count: width * height)
    var background: UInt32 = 0
    var foreground: UInt32 = 0
    let size = options.layout.bytesPerPixel
    func pixel() throws -> UInt32 {
      var reader = ByteReader(try connection.read(size))
      return try options.layout.pixel(&reader)
    }
    func fill(_ x: Int, _ y: Int, _ w: Int, _ h: Int, _ colour: UInt32) throws {
      guard x + w <= width, y + h <= height else { throw TestFailure("a Hextile subrectangle beyond its rectangle") }
      for row in y..<y + h { for column in x..<x + w { pixels[row * width + column] = colour } }
    }
    for y in stride(from: 0, to: height, by: 16) {
      for x in stride(from: 0, to: width, by: 16) {
        let (w, h) = (min(16, width - x), min(16, height - y))
        let kind = try connection.byte()
        if kind & 1 != 0 {
          var reader = ByteReader(try connection.read(w * h * size))
          for row in y..<y + h {
            for column in x..<x + w { pixels[row * width + column] = try options.layout.pixel(&reader) }
          }
          continue
        }
        if kind & 2 != 0 { background = try pixel() }
        if kind & 4 != 0 { foreground = try pixel() }
        try fill(x, y, w, h, background)
        guard kind & 8 != 0 else { continue }
        for _ in 0..<Int(try connection.byte()) {
          let colour = kind & 16 != 0 ? try pixel() : foreground
          let (place, extent) = (Int(try connection.byte()), Int(try connection.byte()))
          try fill(x + place >> 4, y + place & 15, extent >> 4 + 1, extent & 15 + 1, colour)
        }
      }
    }
    return pixels
  }
}

package func decodeZRLE(_ bytes: [UInt8], _ width: Int, _ height: Int, _ layout: PixelLayout) throws -> [UInt32] {
  var pixels = [UInt32](repeating: 0, count: width * height)
  var reader = ByteReader(bytes)
  for y in stride(from: 0, to: height, by: 64) {
    for x in stride(from: 0, to: width, by: 64) {
      let (w, h) = (min(64, width - x), min(64, height - y))
      let tile = try zrleTile(&reader, w, h, layout)
      for row in 0..<h {
        for column in 0..<w { pixels[(y + row) * width + x + column] = tile[row * w + column] }
      }
    }
  }
  guard reader.remaining == 0 else { throw TestFailure("\(reader.remaining) bytes after the last ZRLE tile") }
  return pixels
}

private func zrleTile(_ reader: inout ByteReader, _ width: Int, _ height: Int, _ layout: PixelLayout) throws -> [UInt32]
{
  let kind = try reader.byte()
  let count = width * height
  var palette: [UInt32] = []
  for _ in 0..<(kind & 127) { palette.append(try layout.compactPixel(&reader)) }
  switch kind {
  case 0: return try (0..<count).map { _ in try layout.compactPixel(&reader) }
  case 1: return Array(repeating: palette[0], count: count)
  case 2...16: return try packed(&reader, palette, width, height)
  case 128:
    return try runs(&reader, count) { reader in (try layout.compactPixel(&reader), true) }
  case 130...255:
    return try runs(&reader, count) { reader in
      let index = try reader.byte()
      guard index & 127 < palette.count else { throw TestFailure("a ZRLE index beyond the palette") }
      return (palette[index & 127], index & 128 != 0)
    }
  default: throw TestFailure("ZRLE tile of kind \(kind)")
  }
}

private func packed(_ reader: inout ByteReader, _ palette: [UInt32], _ width: Int, _ height: Int) throws -> [UInt32] {
  let bits = palette.count == 2 ? 1 : palette.count <= 4 ? 2 : 4
  var pixels: [UInt32] = []
  for _ in 0..<height {
    var byte = 0
    var left = 0
    for _ in 0..<width {
      if left == 0 {
        byte = try reader.byte()
        left = 8
      }
      left -= bits
      let index = byte >> left & (1 << bits - 1)
      guard index < palette.count else { throw TestFailure("a ZRLE index beyond the palette") }
      pixels.append(palette[index])
    }
  }
  return pixels
}

private func runs(
  _ reader: inout ByteReader, _ count: Int, next: (inout ByteReader) throws -> (UInt32, Bool)
) throws -> [UInt32] {
  var pixels: [UInt32] = []
  while pixels.count < count {
    let (colour, isRun) = try next(&reader)
    var length = 1
    if isRun {
      var byte = 255
      while byte == 255 {
        byte = try reader.byte()
        length += byte
      }
    }
    guard pixels.count + length <= count else { throw TestFailure("a ZRLE run beyond its tile") }
    pixels += repeatElement(colour, count: length)
  }
  return pixels
}
