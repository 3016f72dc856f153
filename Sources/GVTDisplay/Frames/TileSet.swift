// A set of 64x64 tiles of a frame: what changed, or what a viewer still has to get.
package import GVTCore

/// A bit for each tile of a picture, row by row.
package struct TileSet: Hashable, Sendable {
  /// Pixels along a tile's side. Tiles at the right and bottom edges may be cut off.
  package static let tileSide = 64

  package let columns: Int
  package let rows: Int
  /// The picture that the tiles cut up.
  package let size: PixelSize
  private let wordsPerRow: Int
  private var words: [UInt64]

  /// The empty set over a picture of `size`.
  package init(size: PixelSize) {
    self.size = size
    columns = (size.width + Self.tileSide - 1) / Self.tileSide
    rows = (size.height + Self.tileSide - 1) / Self.tileSide
    wordsPerRow = (columns + 63) / 64
    words = Array(repeating: 0, count: wordsPerRow * rows)
  }

  /// Every tile of a picture of `size`.
  package static func all(of size: PixelSize) -> TileSet {
    var set = TileSet(size: size)
    set.insert(tilesTouching: size.bounds)
    return set
  }

  package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  package func contains(column: Int, row: Int) -> Bool {
    words[row * wordsPerRow + column / 64] >> UInt64(column % 64) & 1 != 0
  }

  package mutating func insert(column: Int, row: Int) {
    words[row * wordsPerRow + column / 64] |= 1 << UInt64(column % 64)
  }

  package mutating func remove(column: Int, row: Int) {
    words[row * wordsPerRow + column / 64] &= ~(1 << UInt64(column % 64))
  }

  /// Adds each tile that has a pixel in common with `rect`.
  package mutating func insert(tilesTouching rect: PixelRect) {
    forEachTile(touching: rect) { insert(column: $0, row: $1) }
  }

  /// Removes each tile that lies in `rect` as a whole; a tile that is only touched stays.
  package mutating func remove(tilesWithin rect: PixelRect) {
    let whole = rect.intersection(size.bounds)
    forEachTile(touching: whole) { column, row in
      if whole.contains(self.rect(column: column, row: row)) { remove(column: column, row: row) }
    }
  }

  package mutating func formUnion(_ other: TileSet) {
    precondition(size == other.size, "tile sets of different pictures do not mix")
    for index in words.indices { words[index] |= other.words[index] }
  }

  package mutating func subtract(_ other: TileSet) {
    precondition(size == other.size, "tile sets of different pictures do not mix")
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  package mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }

  /// The pixels of one tile, cut off at the picture's edge.
  package func rect(column: Int, row: Int) -> PixelRect {
    let side = Self.tileSide
    return PixelRect(x: column * side, y: row * side, width: side, height: side)
      .intersection(size.bounds)
  }

  /// The smallest rectangle that holds every tile of the set.
  package var bounds: PixelRect {
    var result = PixelRect.empty
    for row in 0..<rows {
      for column in 0..<columns where contains(column: column, row: row) {
        result = result.union(rect(column: column, row: row))
      }
    }
    return result
  }

  /// The set as rectangles that do not overlap: runs of tiles in a row, joined with equal runs below them.
  package func rectangles() -> [PixelRect] {
    var finished: [PixelRect] = []
    var open: [PixelRect] = []
    for row in 0..<rows {
      var next: [PixelRect] = []
      for run in runs(row: row) {
        if let index = open.firstIndex(where: { $0.x == run.x && $0.width == run.width }) {
          next.append(open.remove(at: index).union(run))
        } else {
          next.append(run)
        }
      }
      finished += open
      open = next
    }
    return finished + open
  }

  private func runs(row: Int) -> [PixelRect] {
    var runs: [PixelRect] = []
    var column = 0
    while column < columns {
      guard contains(column: column, row: row) else {
        column += 1
        continue
      }
      let first = column
      while column < columns && contains(column: column, row: row) { column += 1 }
      runs.append(rect(column: first, row: row).union(rect(column: column - 1, row: row)))
    }
    return runs
  }

  private func forEachTile(touching rect: PixelRect, _ body: (Int, Int) -> Void) {
    let inside = rect.intersection(size.bounds)
    guard !inside.isEmpty else { return }
    for row in inside.y / Self.tileSide...(inside.maxY - 1) / Self.tileSide {
      for column in inside.x / Self.tileSide...(inside.maxX - 1) / Self.tileSide { body(column, row) }
    }
  }
}
