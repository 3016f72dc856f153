// The encoder seen from several viewers: what they share, and what they must not depend on.
import GVTCore
import GVTDisplay
import NIOCore
import Testing

@Suite struct SharedEncodingTests {
  private let frame = Frame.mixture(PixelSize(width: 500, height: 400), seed: 31)
  private let encoder = UpdateEncoder(workers: 2)

  private func request(_ settings: EncodingSettings) -> EncodeRequest {
    EncodeRequest(tiles: .all(of: frame.size), clip: frame.size.bounds, settings: settings)
  }

  @Test func `viewers of equal settings share one buffer, in one batch and later`() async {
    let wanted = request(EncodingSettings(jpegQuality: 70))
    let together = await encoder.encode([wanted, wanted], of: frame)
    let late = await encoder.encode([wanted], of: frame)
    #expect(together[0].storage == together[1].storage)
    #expect(together[0].storage == late[0].storage)
    #expect(together[0].buffers.count == 4)
  }

  @Test func `viewers of other settings get their own`() async {
    let results = await encoder.encode(
      [request(EncodingSettings(jpegQuality: 20)), request(EncodingSettings(jpegQuality: 90))], of: frame)
    #expect(Set(results[0].storage).isDisjoint(with: results[1].storage))
    #expect(results[0].byteCount < results[1].byteCount)
  }

  @Test func `settings that do not change the bytes do not keep viewers apart`() async {
    let results = await encoder.encode(
      [
        request(EncodingSettings(jpegQuality: nil, subsampling: .half, compressionLevel: 1)),
        request(EncodingSettings(jpegQuality: nil, subsampling: .none, compressionLevel: 2)),
      ], of: frame)
    #expect(results[0].storage == results[1].storage)
  }

  @Test func `a band is encoded again after damage, and only that`() async throws {
    let wanted = request(EncodingSettings(jpegQuality: nil))
    let before = await encoder.encode([wanted], of: frame)
    frame[70, 130] ^= 0xff
    var damage = TileSet(size: frame.size)
    damage.insert(column: 1, row: 2)
    encoder.noteDamage(damage)
    #expect(encoder.cachedBandCount == 3)
    let after = await encoder.encode([wanted], of: frame)
    #expect(before[0].storage[1] != after[0].storage[1])
    for band in [0, 2, 3] { #expect(before[0].storage[band] == after[0].storage[band]) }
    let decoder = TightDecoder(size: frame.size)
    _ = try decoder.decode(after[0].bytes, count: after[0].rectangleCount)
    #expect(decoder.pixels[130 * 500 + 70] == frame[70, 130])
  }

  @Test func `a part of a band is its own entry`() async {
    let settings = EncodingSettings(jpegQuality: nil)
    let whole = await encoder.encode([request(settings)], of: frame)
    var tiles = TileSet(size: frame.size)
    tiles.insert(column: 0, row: 0)
    let part = await encoder.encode(
      [EncodeRequest(tiles: tiles, clip: frame.size.bounds, settings: settings)], of: frame)
    #expect(part[0].storage != [whole[0].storage[0]])
    encoder.forgetAll()
    #expect(encoder.cachedBandCount == 0)
  }

  @Test func `a viewer that asks for ever other parts does not make memory grow`() async {
    let settings = EncodingSettings(jpegQuality: nil)
    let noise = Frame(size: PixelSize(width: 1024, height: 128))
    noise.fill(noise.size.bounds, .noise, seed: 1)
    for cut in 0..<60 {
      let clip = PixelRect(x: cut, y: 0, width: 900, height: 128)
      let request = EncodeRequest(tiles: .all(of: noise.size), clip: clip, settings: settings)
      _ = await encoder.encode([request], of: noise)
    }
    #expect(encoder.cachedBandCount <= 32)
  }

  @Test func `each rectangle can be decoded alone and after anybody else's`() async throws {
    let other = Frame.mixture(frame.size, seed: 55)
    let settings = EncodingSettings(jpegQuality: nil)
    let first = await encoder.encode([request(settings)], of: frame)[0]
    encoder.forgetAll()
    let second = await encoder.encode([request(settings)], of: other)[0]
    // A viewer that gets bands of both in turn, some of them twice.
    let decoder = TightDecoder(size: frame.size)
    for (a, b) in zip(first.buffers, second.buffers) {
      for buffer in [a, b, b, a] {
        let bytes = Array(buffer: buffer)
        _ = try decoder.decode(bytes, count: try rectangleCount(bytes))
      }
    }
    let expected = (0..<frame.size.area).map { frame[$0 % 500, $0 / 500] }
    #expect(decoder.pixels == expected)
  }

  /// How many rectangles a buffer holds: the number at which decoding comes out even.
  private func rectangleCount(_ bytes: [UInt8]) throws -> Int {
    for count in 1...200 {
      if (try? TightDecoder(size: frame.size).decode(bytes, count: count)) != nil { return count }
    }
    throw TightDecodingFailure("no number of rectangles fits")
  }
}
