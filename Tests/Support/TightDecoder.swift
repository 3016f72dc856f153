// Tight rectangles on the receiving side (rfbproto, "Tight Encoding").
import CTurboJPEG

package final class TightDecoder {
  package enum Kind: Sendable { case fill, jpeg, copy, palette, gradient }
  private let layout: PixelLayout
  private var streams: [Inflater] = []
  private let jpeg: tjhandle
  /// What kinds of rectangle came, and how many pixels of each.
  package private(set) var area: [Kind: Int] = [:]

  package init(layout: PixelLayout) throws {
    self.layout = layout
    guard let handle = tjInitDecompress() else { throw TestFailure("tjInitDecompress") }
    jpeg = handle
    streams = try (0..<4).map { _ in try Inflater() }
  }

  deinit { tjDestroy(jpeg) }

  /// Reads one rectangle; nil when it is only to be read past.
  package func read(_ width: Int, _ height: Int, from connection: Connection, decodes: Bool) throws -> [UInt32]? {
    let control = Int(try connection.byte())
    for stream in 0..<4 where control & 1 << stream != 0 { streams[stream].reset() }
    switch control >> 4 {
    case 8:
      area[.fill, default: 0] += width * height
      var reader = ByteReader(try connection.read(layout.tightPixelBytes))
      return Array(repeating: try layout.tightPixel(&reader), count: width * height)
    case 9:
      area[.jpeg, default: 0] += width * height
      let bytes = try connection.read(try compactLength(connection))
      return decodes ? try decompress(bytes, width, height) : nil
    case 0...7: return try basic(control >> 4, width, height, from: connection, decodes: decodes)
    case let kind: throw TestFailure("Tight compression control \(kind)")
    }
  }

  private func compactLength(_ connection: Connection) throws -> Int {
    var length = 0
    for shift in [0, 7, 14] {
      let byte = Int(try connection.byte())
      length |= (shift == 14 ? byte : byte & 0x7f) << shift
      if byte & 0x80 == 0 { break }
    }
    return length
  }

  private func decompress(_ bytes: [UInt8], _ width: Int, _ height: Int) throws -> [UInt32] {
    var pixels = [UInt32](repeating: 0, count: width * height)
    let code = pixels.withUnsafeMutableBytes { target in
      tjDecompress2(
        jpeg, bytes, UInt(bytes.count), target.bindMemory(to: UInt8.self).baseAddress, Int32(width), 0, Int32(height),
        Int32(TJPF_BGRX.rawValue), TJFLAG_ACCURATEDCT)
    }
    guard code == 0 else { throw TestFailure("JPEG of \(bytes.count) bytes: \(String(cString: tjGetErrorStr2(jpeg)))") }
    for index in pixels.indices { pixels[index] &= 0xff_ffff }
    return pixels
  }

  private func basic(_ bits: Int, _ width: Int, _ height: Int, from connection: Connection, decodes: Bool) throws
    -> [UInt32]?
  {
    let filter = bits & 4 != 0 ? Int(try connection.byte()) : 0
    var palette: [UInt32] = []
    if filter == 1 {
      let count = Int(try connection.byte()) + 1
      var reader = ByteReader(try connection.read(count * layout.tightPixelBytes))
      palette = try (0..<count).map { _ in try layout.tightPixel(&reader) }
    }
    guard filter <= 2 else { throw TestFailure("Tight filter \(filter)") }
    area[filter == 0 ? .copy : filter == 1 ? .palette : .gradient, default: 0] += width * height
    let rowBytes =
      filter != 1 ? width * layout.tightPixelBytes : palette.count <= 2 ? (width + 7) / 8 : width
    let size = rowBytes * height
    let bytes: [UInt8]
    if size < 12 {
      bytes = try connection.read(size)
    } else {
      let compressed = try connection.read(try compactLength(connection))
      guard decodes else { return nil }
      bytes = try streams[bits & 3].inflate(compressed, expecting: size)
    }
    switch filter {
    case 1: return try indexed(bytes, palette, width, height, rowBytes)
    case 2: return try gradient(bytes, width, height)
    default:
      var reader = ByteReader(bytes)
      return try (0..<width * height).map { _ in try layout.tightPixel(&reader) }
    }
  }

  private func indexed(_ bytes: [UInt8], _ palette: [UInt32], _ width: Int, _ height: Int, _ rowBytes: Int) throws
    -> [UInt32]
  {
    var pixels: [UInt32] = []
    pixels.reserveCapacity(width * height)
    for y in 0..<height {
      for x in 0..<width {
        let index =
          palette.count <= 2
          ? Int(bytes[y * rowBytes + x / 8] >> UInt8(7 - x % 8) & 1) : Int(bytes[y * rowBytes + x])
        guard index < palette.count else { throw TestFailure("a palette index beyond the palette") }
        pixels.append(palette[index])
      }
    }
    return pixels
  }

  private func gradient(_ bytes: [UInt8], _ width: Int, _ height: Int) throws -> [UInt32] {
    guard layout.isCompact else { throw TestFailure("the gradient filter is decoded for 32 bits only") }
    var values = bytes.map { Int($0) }
    for index in values.indices {
      let (x, y) = (index / 3 % width, index / 3 / width)
      let left = x > 0 ? values[index - 3] : 0
      let above = y > 0 ? values[index - width * 3] : 0
      let corner = x > 0 && y > 0 ? values[index - width * 3 - 3] : 0
      values[index] = (values[index] + min(255, max(0, left + above - corner))) & 255
    }
    return stride(from: 0, to: values.count, by: 3).map {
      UInt32(values[$0]) << 16 | UInt32(values[$0 + 1]) << 8 | UInt32(values[$0 + 2])
    }
  }
}
