// The encoder seen from a viewer: what arrives, where, and how exactly.
import GVTCore
import GVTDisplay
import NIOCore
import Testing

@Suite struct UpdateEncoderTests {
  static let lossless = EncodingSettings(jpegQuality: nil)
  static let lossy = EncodingSettings(jpegQuality: 80)

  @Test(arguments: ["1x1", "63x65", "200x130", "2049x70", "4096x66", "7x300"])
  func `without JPEG every pixel arrives exactly`(_ name: String) async throws {
    let size = try #require(PixelSize(name))
    for seed in 1...3 {
      let frame = Frame.mixture(size, seed: UInt64(seed))
      let viewer = Viewer(frame)
      try await viewer.show(.all(of: size), settings: Self.lossless)
      #expect(viewer.mismatch(in: size.bounds) == nil)
    }
  }

  @Test(arguments: [0, 5, 7, 9]) func `every compression level is exact`(_ level: Int) async throws {
    let frame = Frame.mixture(PixelSize(width: 300, height: 200), seed: 77)
    let viewer = Viewer(frame)
    try await viewer.show(
      .all(of: frame.size), settings: EncodingSettings(jpegQuality: nil, compressionLevel: level))
    #expect(viewer.mismatch(in: frame.size.bounds) == nil)
  }

  @Test func `text stays exact when JPEG is allowed, even at the lowest quality`() async throws {
    let frame = Frame.mixture(PixelSize(width: 700, height: 300), seed: 5, without: [.photo, .noise])
    let viewer = Viewer(frame)
    try await viewer.show(.all(of: frame.size), settings: EncodingSettings(jpegQuality: 1, subsampling: .quarter))
    #expect(viewer.mismatch(in: frame.size.bounds) == nil)
    #expect(!viewer.rectangles.contains { $0.method == .jpeg })
  }

  @Test(arguments: [ChromaSubsampling.none, .half, .quarter])
  func `a photo goes as few large JPEGs of good quality`(_ subsampling: ChromaSubsampling) async throws {
    let frame = Frame(size: PixelSize(width: 640, height: 300))
    frame.fill(frame.size.bounds, .photo, seed: 3)
    let viewer = Viewer(frame)
    try await viewer.show(
      .all(of: frame.size), settings: EncodingSettings(jpegQuality: 79, subsampling: subsampling))
    #expect(viewer.rectangles.map(\.method) == [.jpeg, .jpeg, .jpeg])
    #expect(viewer.peakSignalToNoise() >= 33)
  }

  @Test func `the fourth byte of a pixel means nothing`() async throws {
    let frame = Frame.mixture(PixelSize(width: 200, height: 140), seed: 9)
    let viewer = Viewer(frame)
    try await viewer.show(.all(of: frame.size), settings: Self.lossy)
    let plain = viewer.bytes
    var random = RepeatableRandom(seed: 4)
    for y in 0..<140 { for x in 0..<200 { frame[x, y] |= UInt32.random(in: 0...255, using: &random) << 24 } }
    viewer.encoder.forgetAll()
    try await viewer.show(.all(of: frame.size), settings: Self.lossy)
    #expect(viewer.bytes == plain)
  }

  @Test func `what is sent covers exactly the wanted tiles within the clip, and nothing twice`() async throws {
    let size = PixelSize(width: 2500, height: 400)
    let frame = Frame.mixture(size, seed: 21)
    var random = RepeatableRandom(seed: 8)
    for settings in [Self.lossless, Self.lossy] {
      for _ in 0..<6 {
        var tiles = TileSet(size: size)
        for _ in 0..<90 {
          tiles.insert(column: .random(in: 0..<tiles.columns, using: &random), row: .random(in: 0..<7, using: &random))
        }
        let clip = PixelRect(
          x: .random(in: 0..<900, using: &random), y: .random(in: 0..<200, using: &random),
          width: .random(in: 1...1600, using: &random), height: .random(in: 1...300, using: &random))
        let viewer = Viewer(frame)
        try await viewer.show(tiles, clip: clip, settings: settings)
        #expect(viewer.timesCovered() == Viewer.coverage(tiles, clip: clip))
        #expect(viewer.rectangles.allSatisfy { $0.rect.width <= 2048 })
      }
    }
  }

  @Test func `anti-aliased text of many shades is no photo, and a hazy sky of few is`() async throws {
    let frame = Frame(size: PixelSize(width: 128, height: 64))
    var random = RepeatableRandom(seed: 12)
    for y in 0..<64 {
      for x in 0..<64 {
        let isInk = x % 16 < 6 && y % 3 == 0
        frame[x, y] = isInk ? 0x10101 * UInt32.random(in: 0...190, using: &random) : 0xff_ffff
        frame[64 + x, y] = 0x80_a0c0 + 0x10101 * UInt32.random(in: 0...3, using: &random) + UInt32(x)
      }
    }
    let viewer = Viewer(frame)
    try await viewer.show(.all(of: frame.size), settings: Self.lossy)
    #expect(viewer.mismatch(in: PixelRect(x: 0, y: 0, width: 64, height: 64)) == nil)
    #expect(viewer.rectangles.map(\.method).contains(.jpeg))
  }

  @Test func `a viewer that asks for much compression gets fewer bytes`() async throws {
    let frame = Frame(size: PixelSize(width: 800, height: 400))
    frame.fill(frame.size.bounds, .terminal, seed: 3)
    let viewer = Viewer(frame)
    var counts: [Int] = []
    for level in [1, 7, 9] {
      try await viewer.show(
        .all(of: frame.size), settings: EncodingSettings(jpegQuality: nil, compressionLevel: level))
      #expect(viewer.mismatch(in: frame.size.bounds) == nil)
      counts.append(viewer.bytes.count)
    }
    #expect(counts[1] < counts[0] && counts[2] <= counts[1])
  }

  @Test func `nothing wanted is an update without rectangles`() async throws {
    let frame = Frame(size: PixelSize(width: 100, height: 100))
    let viewer = Viewer(frame)
    try await viewer.show(TileSet(size: frame.size), settings: Self.lossy)
    #expect(viewer.rectangles.isEmpty && viewer.bytes.isEmpty)
    try await viewer.show(.all(of: frame.size), clip: .empty, settings: Self.lossy)
    #expect(viewer.rectangles.isEmpty)
    #expect(await viewer.encoder.encode([], of: frame).isEmpty)
  }

  @Test func `a typed character costs a few hundred bytes at most`() async throws {
    let frame = Frame(size: PixelSize(width: 1920, height: 1080))
    frame.fill(PixelRect(x: 630, y: 500, width: 10, height: 20), .terminal, seed: 2)
    let viewer = Viewer(frame)
    var tiles = TileSet(size: frame.size)
    let cell = PixelRect(x: 630, y: 500, width: 16, height: 20)
    tiles.insert(tilesTouching: cell)
    try await viewer.show(tiles, clip: cell, settings: Self.lossy)
    #expect(viewer.mismatch(in: cell) == nil)
    #expect(viewer.bytes.count < 200)
  }

  @Test func `flat areas are fills, two colours are bits, more are palette numbers, photos keep their colours`()
    async throws
  {
    let frame = Frame(size: PixelSize(width: 64 * 16, height: 64))
    let textures: [Texture] = [.flat, .checked, .fewColours, .noise]
    for (index, texture) in textures.enumerated() {
      frame.fill(PixelRect(x: index * 256, y: 0, width: 256, height: 64), texture, seed: 6)
    }
    let viewer = Viewer(frame)
    try await viewer.show(.all(of: frame.size), settings: Self.lossless)
    #expect(viewer.rectangles.map(\.method) == [.fill, .palette(2), .palette(48), .trueColour])
    try await viewer.show(.all(of: frame.size), settings: Self.lossy)
    #expect(viewer.rectangles.map(\.method) == [.fill, .palette(2), .palette(48), .jpeg])
    try await viewer.show(
      .all(of: frame.size), settings: EncodingSettings(jpegQuality: nil, compressionLevel: 9))
    #expect(viewer.rectangles.map(\.method) == [.fill, .palette(2), .palette(48), .gradient])
    #expect(viewer.mismatch(in: frame.size.bounds) == nil)
  }
}
