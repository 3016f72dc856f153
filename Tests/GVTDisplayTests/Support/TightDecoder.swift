// A viewer's side of Tight encoding, written from rfbproto alone, so that our encoder is checked by something else.
import CTurboJPEG
import CZlib
import GVTCore

/// What a viewer cannot accept.
struct TightDecodingFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// How a rectangle came.
enum TightMethod: Hashable {
  case fill
  case jpeg
  /// The copy filter: three bytes a pixel.
  case trueColour
  /// The palette filter with so many colours; two of them have one bit a pixel.
  case palette(Int)
  case gradient
}

struct TightRectangle: Equatable {
  let rect: PixelRect
  let method: TightMethod
  /// Header included.
  let byteCount: Int
}

/// A viewer's picture and its four zlib streams, which live from rectangle to rectangle unless they are reset.
final class TightDecoder {
  let size: PixelSize
  /// 0x00RRGGBB, row by row; nil where nothing was ever drawn.
  private(set) var pixels: [UInt32?]
  private var streams: [InflateStream?] = [nil, nil, nil, nil]

  init(size: PixelSize) {
    self.size = size
    pixels = Array(repeating: nil, count: size.area)
  }

  /// Draws `count` rectangles that take up all of `bytes`, and lists them.
  func decode(_ bytes: [UInt8], count: Int) throws -> [TightRectangle] {
    var reader = ByteReader(bytes: bytes)
    var rectangles: [TightRectangle] = []
    for _ in 0..<count {
      let start = reader.position
      let rect = try PixelRect(x: reader.word(), y: reader.word(), width: reader.word(), height: reader.word())
      guard size.bounds.contains(rect), !rect.isEmpty else { throw TightDecodingFailure("\(rect) is not in \(size)") }
      guard try reader.word() == 0, try reader.word() == 7 else { throw TightDecodingFailure("not Tight") }
      let method = try decode(rect, &reader)
      rectangles.append(TightRectangle(rect: rect, method: method, byteCount: reader.position - start))
    }
    guard reader.isAtEnd else { throw TightDecodingFailure("bytes behind the last rectangle") }
    return rectangles
  }

  private func decode(_ rect: PixelRect, _ reader: inout ByteReader) throws -> TightMethod {
    guard rect.width <= 2048 else { throw TightDecodingFailure("\(rect) is too wide for Tight") }
    let control = try reader.byte()
    for stream in 0..<4 where control & 1 << stream != 0 { streams[stream] = nil }
    switch control >> 4 {
    case 8:
      let colour = try reader.colour()
      draw(rect) { _, _ in colour }
      return .fill
    case 9:
      let image = try decompressJPEG(reader.take(reader.compactLength()), rect.size)
      draw(rect) { x, y in image[y * rect.width + x] }
      return .jpeg
    case 0...7:
      let filter = control & 0x40 == 0 ? 0 : try reader.byte()
      return try decodeBasic(rect, filter: filter, stream: Int(control >> 4 & 3), &reader)
    default: throw TightDecodingFailure("control byte \(control)")
    }
  }

  private func decodeBasic(_ rect: PixelRect, filter: UInt8, stream: Int, _ reader: inout ByteReader) throws
    -> TightMethod
  {
    switch filter {
    case 0:
      let data = try inflated(rect.area * 3, stream, &reader)
      draw(rect) { x, y in colour(data, at: (y * rect.width + x) * 3) }
      return .trueColour
    case 1:
      let palette = try (0...Int(reader.byte())).map { _ in try reader.colour() }
      let isMono = palette.count == 2
      let rowBytes = isMono ? (rect.width + 7) / 8 : rect.width
      let data = try inflated(rowBytes * rect.height, stream, &reader)
      guard isMono || data.allSatisfy({ $0 < palette.count }) else { throw TightDecodingFailure("beyond the palette") }
      draw(rect) { x, y in
        isMono ? palette[Int(data[y * rowBytes + x / 8] >> (7 - x % 8) & 1)] : palette[Int(data[y * rowBytes + x])]
      }
      return .palette(palette.count)
    case 2:
      drawGradient(rect, try inflated(rect.area * 3, stream, &reader))
      return .gradient
    default: throw TightDecodingFailure("filter \(filter)")
    }
  }

  private func inflated(_ count: Int, _ number: Int, _ reader: inout ByteReader) throws -> [UInt8] {
    guard count >= 12 else { return try reader.take(count) }
    let data = try reader.take(reader.compactLength())
    let stream = streams[number] ?? InflateStream()
    streams[number] = stream
    return try stream.inflate(data, to: count)
  }

  private func draw(_ rect: PixelRect, _ colour: (Int, Int) -> UInt32) {
    for y in 0..<rect.height {
      for x in 0..<rect.width { pixels[(rect.y + y) * size.width + rect.x + x] = colour(x, y) }
    }
  }

  /// Each sample is sent as its difference from left + above - above left, clamped.
  private func drawGradient(_ rect: PixelRect, _ data: [UInt8]) {
    var samples = data.map(Int.init)
    let row = rect.width * 3
    for y in 0..<rect.height {
      for i in 0..<row {
        let left = i >= 3 ? samples[y * row + i - 3] : 0
        let above = y > 0 ? samples[(y - 1) * row + i] : 0
        let corner = i >= 3 && y > 0 ? samples[(y - 1) * row + i - 3] : 0
        let predicted = min(max(left + above - corner, 0), 255)
        samples[y * row + i] = (samples[y * row + i] + predicted) & 255
      }
    }
    let bytes = samples.map { UInt8($0) }
    draw(rect) { x, y in colour(bytes, at: y * row + x * 3) }
  }

  private func colour(_ data: [UInt8], at index: Int) -> UInt32 {
    UInt32(data[index]) << 16 | UInt32(data[index + 1]) << 8 | UInt32(data[index + 2])
  }
}

/// One zlib stream. Like gtk-vnc it takes nothing but Z_OK, and wants all input used up.
@safe final class InflateStream {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init() {
    unsafe stream.initialize(to: z_stream())
    let code = unsafe inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib gives no stream")
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func inflate(_ input: [UInt8], to count: Int) throws -> [UInt8] {
    var input = input
    var output = [UInt8](repeating: 0, count: count + 1)
    let code = unsafe input.withUnsafeMutableBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.pointee.next_in = source.baseAddress
        unsafe stream.pointee.avail_in = UInt32(source.count)
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = UInt32(target.count)
        return unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
      }
    }
    guard code == Z_OK else { throw TightDecodingFailure("inflate answers \(code)") }
    let left = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    guard left == (0, 1) else { throw TightDecodingFailure("the data is not \(count) bytes long") }
    output.removeLast()
    return output
  }
}

private func decompressJPEG(_ data: [UInt8], _ size: PixelSize) throws -> [UInt32] {
  guard let handle = unsafe tjInitDecompress() else { throw TightDecodingFailure("no turbojpeg") }
  defer { _ = unsafe tjDestroy(handle) }
  var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
  var data = data
  let header = unsafe tjDecompressHeader3(
    handle, &data, UInt(data.count), &width, &height, &subsampling, &space)
  guard header == 0, width == size.width, height == size.height else { throw TightDecodingFailure("JPEG's size") }
  var pixels = [UInt32](repeating: 0, count: size.area)
  let code = unsafe pixels.withUnsafeMutableBytes { raw in
    unsafe tjDecompress2(
      handle, &data, UInt(data.count), raw.baseAddress?.assumingMemoryBound(to: UInt8.self), width, width * 4, height,
      Int32(TJPF_BGRX.rawValue), 0)
  }
  guard code == 0 else { throw TightDecodingFailure("JPEG data") }
  return pixels.map { $0 & 0xff_ffff }
}

/// Bytes in network order.
private struct ByteReader {
  let bytes: [UInt8]
  private(set) var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= bytes.count - position else { throw TightDecodingFailure("the update ends too early") }
    position += count
    return Array(bytes[position - count..<position])
  }

  mutating func byte() throws -> UInt8 { try take(1)[0] }

  mutating func word() throws -> Int { try take(2).reduce(0) { $0 << 8 | Int($1) } }

  mutating func colour() throws -> UInt32 { try take(3).reduce(0) { $0 << 8 | UInt32($1) } }

  mutating func compactLength() throws -> Int {
    var length = 0
    for index in 0..<3 {
      let next = Int(try byte())
      length |= (index == 2 ? next : next & 0x7f) << (7 * index)
      if index < 2 && next & 0x80 == 0 { break }
    }
    return length
  }
}
