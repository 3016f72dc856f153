// Sorts tiles by how many colours they have, and turns all but photos into palette numbers on the way.

/// A rectangle of a frame's pixels, as the encoder's loops see them.
@safe struct PixelBlock {
  let start: UnsafePointer<UInt32>
  /// From one row to the next, in pixels.
  let stride: Int
  let width: Int
  let height: Int
}

/// What a tile's pixels are.
enum TileContent: Equatable {
  /// These colours of the palette with that index.
  case indexed(palette: Int, colours: ColourSet)
  /// More colours than are worth a palette.
  case photo
}

/// Sorts the tiles of one band. Neighbouring tiles share a palette while it has room, so that they can become one
/// rectangle without another pass over their pixels.
@safe final class TileClassifier {
  /// More colours than this in a 64x64 tile make it a photo for a viewer that takes JPEG. Anti-aliased text on a flat
  /// ground has 20 to 90, several hues of it up to 200; photographs have 400 and more except in flat sky.
  static let photoCutoff = 224
  /// With more colours than this a tile is a photo too if hardly any of its pixels repeat their neighbours: text has
  /// its ground between the letters, a hazy sky does not.
  private static let busyPhotoCutoff = 96

  private var palettes = [Palette()]
  private var current = 0
  /// Photos come in herds, and can be told from far fewer pixels than the rest.
  private var lastWasPhoto = false
  private let sample = ColourSample()
  /// Groups of eight pixels in the current tile that were neither a run nor a repetition.
  private var busyGroups = 0

  func beginBand() {
    current = 0
    palettes[0].removeAll()
  }

  func palette(_ index: Int) -> Palette { palettes[index] }

  /// Writes one palette number per pixel to `indices`, a row every `indexStride` bytes, unless the answer is
  /// ``TileContent/photo``: then what was written means nothing.
  func classify(
    _ block: PixelBlock, limit: Int, indices: UnsafeMutablePointer<UInt8>, indexStride: Int
  ) -> TileContent {
    if lastWasPhoto && sample.hasMore(than: limit, in: block) { return .photo }
    let content = unsafe numbered(block, limit, indices, indexStride)
    lastWasPhoto = content == .photo
    return content
  }

  private func numbered(
    _ block: PixelBlock, _ limit: Int, _ indices: UnsafeMutablePointer<UInt8>, _ indexStride: Int
  ) -> TileContent {
    if let colours = unsafe colours(of: block, palettes[current], limit, indices, indexStride) {
      return content(block, colours, limit)
    }
    // Too many new colours for a photo's sake, or merely for what is left of this palette?
    guard palettes[current].count + limit > Palette.capacity else { return .photo }
    let next = current + 1
    if next == palettes.count { palettes.append(Palette()) }
    palettes[next].removeAll()
    guard let colours = unsafe colours(of: block, palettes[next], limit, indices, indexStride) else { return .photo }
    current = next
    return content(block, colours, limit)
  }

  private func content(_ block: PixelBlock, _ colours: ColourSet, _ limit: Int) -> TileContent {
    let isBusy = busyGroups * 80 > block.width * block.height * 9
    // Without JPEG, the limit is the palette's own, and a palette is the best that a busy tile can have.
    let isPhoto = colours.count > limit || (isBusy && limit < Palette.capacity && colours.count > Self.busyPhotoCutoff)
    return isPhoto ? .photo : .indexed(palette: current, colours: colours)
  }

  private func colours(
    of block: PixelBlock, _ palette: Palette, _ limit: Int, _ indices: UnsafeMutablePointer<UInt8>, _ indexStride: Int
  ) -> ColourSet? {
    palette.beginTile()
    guard unsafe number(block, palette, limit, indices, indexStride) else {
      palette.cancelTile()
      return nil
    }
    return palette.usedByTile
  }

  /// Eight pixels at a time: a run of one colour and a repetition of the row above need no look-up; these are most of
  /// a desktop. False if the palette or `limit` ran out.
  private func number(
    _ block: PixelBlock, _ palette: Palette, _ limit: Int, _ indices: UnsafeMutablePointer<UInt8>, _ indexStride: Int
  ) -> Bool {
    let mask: UInt32 = 0x00ff_ffff
    var busy = 0
    var last = unsafe block.start[0] & mask
    guard var lastNumber = palette.number(of: last, limit: limit) else { return false }
    for y in 0..<block.height {
      let row = unsafe block.start + y * block.stride
      let out = unsafe indices + y * indexStride
      var x = 0
      let whole = block.width & ~7
      while x < whole {
        let eight = unsafe EightPixels(row + x)
        if eight == EightPixels(repeating: last) {
          unsafe store(UInt64(lastNumber) &* 0x0101_0101_0101_0101, at: out + x)
        } else if y > 0, unsafe eight == EightPixels(row + x - block.stride) {
          let numbers = unsafe UnsafeRawPointer(out + x - indexStride).loadUnaligned(as: UInt64.self)
          unsafe store(numbers, at: out + x)
          last = eight.last
          lastNumber = UInt8(numbers >> 56)
        } else {
          busy += 1
          for i in x..<x + 8 {
            guard let number = unsafe palette.number(of: row[i] & mask, limit: limit) else { return false }
            unsafe out[i] = number
            lastNumber = number
          }
          last = eight.last
        }
        x += 8
      }
      while x < block.width {
        last = unsafe row[x] & mask
        guard let number = palette.number(of: last, limit: limit) else { return false }
        unsafe out[x] = number
        lastNumber = number
        x += 1
      }
    }
    busyGroups = busy
    return true
  }

  @inline(__always) private func store(_ eight: UInt64, at place: UnsafeMutablePointer<UInt8>) {
    unsafe UnsafeMutableRawPointer(place).storeBytes(of: eight, as: UInt64.self)
  }
}

/// Counts colours in every eighth pixel, a little too few at worst.
@safe private final class ColourSample {
  private static let wordCount = 64
  private let seen = UnsafeMutablePointer<UInt64>.allocate(capacity: wordCount)

  deinit { unsafe seen.deallocate() }

  /// True only if the block has more than `limit` colours.
  func hasMore(than limit: Int, in block: PixelBlock) -> Bool {
    unsafe seen.initialize(repeating: 0, count: Self.wordCount)
    var count = 0
    for y in stride(from: 0, to: block.height, by: 4) {
      let row = unsafe block.start + y * block.stride
      for x in stride(from: 0, to: block.width, by: 2) {
        // Two colours may share a bit, no colour has two.
        let hash = unsafe Int(((row[x] & 0x00ff_ffff) &* 0x9E37_79B1) >> 20)
        let word = unsafe seen[hash >> 6]
        let bit: UInt64 = 1 << UInt64(hash & 63)
        count += word & bit == 0 ? 1 : 0
        unsafe seen[hash >> 6] = word | bit
      }
      if count > limit { return true }
    }
    return false
  }
}

/// Eight pixels without their fourth bytes, to be compared at once.
private struct EightPixels: Equatable {
  private static let mask: UInt64 = 0x00ff_ffff_00ff_ffff
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64

  @inline(__always) init(_ start: UnsafePointer<UInt32>) {
    let raw = unsafe UnsafeRawPointer(start)
    a = unsafe raw.loadUnaligned(as: UInt64.self) & Self.mask
    b = unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & Self.mask
    c = unsafe raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self) & Self.mask
    d = unsafe raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self) & Self.mask
  }

  @inline(__always) init(repeating colour: UInt32) {
    a = UInt64(colour) << 32 | UInt64(colour)
    b = a
    c = a
    d = a
  }

  @inline(__always) var last: UInt32 { UInt32(truncatingIfNeeded: d >> 32) }

  @inline(__always) static func == (left: EightPixels, right: EightPixels) -> Bool {
    ((left.a ^ right.a) | (left.b ^ right.b) | (left.c ^ right.c) | (left.d ^ right.d)) == 0
  }
}
