// One band of a frame for viewers of equal settings: what is to be encoded, the encoding, and its result.
import GVTCore
import NIOCore

/// Up to two rows of tiles over the whole width: enough to make rectangles large, and enough bands to share out among
/// workers.
struct Band: Hashable, Sendable {
  static let tileRows = 2

  /// Tile rows `index * tileRows` and following.
  let index: Int
  /// The tiles that are wanted, `columns` bits for each row.
  private var words: [UInt64]
  private let columns: Int

  /// The tiles of `tiles` that have pixels in `clip`; nil if there are none in this band.
  init?(_ index: Int, of tiles: TileSet, clip: PixelRect) {
    self.index = index
    columns = tiles.columns
    words = Array(repeating: 0, count: (columns * Self.tileRows + 63) / 64)
    let inside = clip.intersection(tiles.size.bounds)
    guard !inside.isEmpty else { return nil }
    let side = TileSet.tileSide
    let first = max(index * Self.tileRows, inside.y / side)
    let last = min(index * Self.tileRows + Self.tileRows - 1, (inside.maxY - 1) / side)
    guard first <= last else { return nil }
    var any = false
    for row in first...last {
      for column in inside.x / side...(inside.maxX - 1) / side where tiles.contains(column: column, row: row) {
        insert(column, row - index * Self.tileRows)
        any = true
      }
    }
    if !any { return nil }
  }

  private mutating func insert(_ column: Int, _ row: Int) {
    let bit = row * columns + column
    words[bit / 64] |= 1 << UInt64(bit % 64)
  }

  func contains(column: Int, row: Int) -> Bool {
    let bit = (row - index * Self.tileRows) * columns + column
    return words[bit / 64] >> UInt64(bit % 64) & 1 != 0
  }

  func intersects(_ other: Band) -> Bool {
    index == other.index && columns == other.columns && zip(words, other.words).contains { $0 & $1 != 0 }
  }

  /// Calls `body` with column and row of each tile, column by column.
  func forEachTile(_ body: (Int, Int) -> Void) {
    for column in 0..<columns {
      for row in index * Self.tileRows..<(index + 1) * Self.tileRows where contains(column: column, row: row) {
        body(column, row)
      }
    }
  }

  /// The pixels of the whole band in a picture of `size`.
  func rows(in size: PixelSize) -> PixelRect {
    let height = TileSet.tileSide * Self.tileRows
    return PixelRect(x: 0, y: index * height, width: size.width, height: height).intersection(size.bounds)
  }
}

/// All that decides a band's bytes, apart from the pixels.
struct BandKey: Hashable, Sendable {
  let band: Band
  /// Cut off at the band, so that clips that differ elsewhere are equal here.
  let clip: PixelRect
  let settings: EncodingSettings
}

/// A band's rectangles, complete with their headers. Immutable: all viewers share the one buffer.
struct EncodedBand: Sendable {
  let rectangleCount: Int
  let buffer: ByteBuffer
}

/// An encoding that owns its inputs: it reads nothing that anybody else may change while it runs.
struct EncodeJob: Sendable {
  let key: BandKey
  let frame: Frame

  func run(in workspace: EncodeWorkspace) -> EncodedBand {
    let effort = Effort(compressionLevel: key.settings.compressionLevel)
    let writer = workspace.writer
    writer.beginBand()
    let area = key.band.rows(in: frame.size)
    let indices = unsafe workspace.indices.reserve(area.area)
    func place(_ rect: PixelRect) -> UnsafeMutablePointer<UInt8> {
      unsafe indices + (rect.y - area.y) * area.width + rect.x
    }
    let tiles = unsafe classified(workspace) { unsafe place($0) }
    for planned in RectanglePlanner.plan(tiles) {
      let rect = planned.rect
      switch planned.content {
      case .photo: writePhoto(rect, effort, writer)
      case .indexed(let number, let colours):
        let palette = workspace.classifier.palette(number)
        if let only = colours.only {
          writer.fill(rect, colour: palette[only])
        } else {
          unsafe writer.indexed(
            rect, palette, colours, indices: place(rect), indexStride: area.width, effort: effort)
        }
      }
    }
    return EncodedBand(
      rectangleCount: writer.rectangleCount, buffer: unsafe ByteBuffer(bytes: writer.output.bytes))
  }

  /// The band's tiles, row by row, each clipped and sorted by its colours.
  private func classified(
    _ workspace: EncodeWorkspace, _ place: (PixelRect) -> UnsafeMutablePointer<UInt8>
  ) -> [[PlannedRectangle]] {
    var rows = Array(repeating: [PlannedRectangle](), count: Band.tileRows)
    let width = frame.size.width
    workspace.classifier.beginBand()
    key.band.forEachTile { column, row in
      let side = TileSet.tileSide
      let rect = PixelRect(x: column * side, y: row * side, width: side, height: side).intersection(key.clip)
      let content = unsafe workspace.classifier.classify(
        block(rect), limit: colourLimit(rect), indices: place(rect), indexStride: width)
      rows[row - key.band.index * Band.tileRows].append(PlannedRectangle(rect: rect, content: content))
    }
    return rows
  }

  /// From how many colours on a palette no longer pays. Without JPEG it pays as long as there is room for it, except
  /// for a few pixels that would nearly need one entry each.
  private func colourLimit(_ rect: PixelRect) -> Int {
    let cutoff = key.settings.jpegQuality == nil ? Palette.capacity : TileClassifier.photoCutoff
    return min(cutoff, max(2, rect.area * 2 / 3))
  }

  private func writePhoto(_ rect: PixelRect, _ effort: Effort, _ writer: TightWriter) {
    // Below this a JPEG's own tables weigh more than all the pixels.
    let smallestJPEG = 300
    let block = block(rect)
    if let quality = key.settings.jpegQuality, rect.area >= smallestJPEG,
      writer.jpeg(rect, block, quality: quality, subsampling: key.settings.subsampling)
    {
      return
    }
    // Not every viewer knows the gradient filter (noVNC before 1.5, novnc/noVNC#1767), but none of those asks for
    // lossless pixels at a high compression level.
    let isGradient = key.settings.jpegQuality == nil && effort != .quick
    if isGradient { writer.gradient(rect, block) } else { writer.trueColour(rect, block) }
  }

  private func block(_ rect: PixelRect) -> PixelBlock {
    precondition(frame.size.bounds.contains(rect), "\(rect) is outside the frame")
    let start = unsafe UnsafeRawPointer(frame.pixels + rect.y * frame.strideBytes + rect.x * 4)
    return unsafe PixelBlock(
      start: start.assumingMemoryBound(to: UInt32.self), stride: frame.strideBytes / 4, width: rect.width,
      height: rect.height)
  }
}

/// What a worker keeps from job to job. Only one thread at a time may use it.
final class EncodeWorkspace: @unchecked Sendable {
  let classifier = TileClassifier()
  let writer = TightWriter()
  let indices = ScratchBuffer()
}
