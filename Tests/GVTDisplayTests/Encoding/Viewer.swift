// A viewer for the encoder's tests: asks, decodes and compares.
import GVTCore
import GVTDisplay
import Glibc
import NIOCore

extension UpdateEncoder {
  /// `encode` for callers that can wait.
  func encode(_ requests: [EncodeRequest], of frame: Frame) async -> [EncodedUpdate] {
    await withCheckedContinuation { continuation in
      encode(requests, of: frame) { continuation.resume(returning: $0) }
    }
  }
}

extension EncodedUpdate {
  var bytes: [UInt8] { buffers.flatMap { Array(buffer: $0) } }

  /// Where each buffer's bytes are.
  var storage: [UInt] {
    buffers.map { buffer in unsafe buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } }
  }
}

final class Viewer {
  let frame: Frame
  let encoder = UpdateEncoder(workers: 2)
  private(set) var decoder: TightDecoder
  private(set) var rectangles: [TightRectangle] = []
  private(set) var bytes: [UInt8] = []

  init(_ frame: Frame) {
    self.frame = frame
    decoder = TightDecoder(size: frame.size)
  }

  func show(_ tiles: TileSet, clip: PixelRect? = nil, settings: EncodingSettings) async throws {
    let request = EncodeRequest(tiles: tiles, clip: clip ?? frame.size.bounds, settings: settings)
    let update = await encoder.encode([request], of: frame)[0]
    bytes = update.bytes
    rectangles = try decoder.decode(bytes, count: update.rectangleCount)
  }

  /// The first place where the viewer sees something else than the frame has.
  func mismatch(in rect: PixelRect) -> String? {
    for y in rect.y..<rect.maxY {
      for x in rect.x..<rect.maxX where decoder.pixels[y * frame.size.width + x] != frame[x, y] & 0xff_ffff {
        let seen = decoder.pixels[y * frame.size.width + x].map { String($0, radix: 16) } ?? "nothing"
        let cause = rectangles.first { $0.rect.contains(PixelRect(x: x, y: y, width: 1, height: 1)) }
        return "\(x), \(y) shows \(seen) by \(String(describing: cause))"
      }
    }
    return nil
  }

  /// How often each pixel was sent.
  func timesCovered() -> [UInt8] {
    var covered = [UInt8](repeating: 0, count: frame.size.area)
    for rectangle in rectangles { Self.add(rectangle.rect, to: &covered, frame.size) }
    return covered
  }

  /// What ``timesCovered()`` should be.
  static func coverage(_ tiles: TileSet, clip: PixelRect) -> [UInt8] {
    var covered = [UInt8](repeating: 0, count: tiles.size.area)
    for row in 0..<tiles.rows {
      for column in 0..<tiles.columns where tiles.contains(column: column, row: row) {
        add(tiles.rect(column: column, row: row).intersection(clip), to: &covered, tiles.size)
      }
    }
    return covered
  }

  private static func add(_ rect: PixelRect, to covered: inout [UInt8], _ size: PixelSize) {
    for y in rect.y..<rect.maxY { for x in rect.x..<rect.maxX { covered[y * size.width + x] += 1 } }
  }

  /// Of the whole picture, in decibels.
  func peakSignalToNoise() -> Double {
    var squares = 0.0
    for y in 0..<frame.size.height {
      for x in 0..<frame.size.width {
        let seen = decoder.pixels[y * frame.size.width + x] ?? 0
        for shift: UInt32 in [0, 8, 16] {
          let difference = Double(seen >> shift & 255) - Double(frame[x, y] >> shift & 255)
          squares += difference * difference
        }
      }
    }
    let mean = squares / Double(frame.size.area * 3)
    return mean == 0 ? 99 : 10 * log10(255 * 255 / mean)
  }
}
