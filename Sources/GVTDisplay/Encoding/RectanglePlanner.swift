// Joins neighbouring tiles of a band into the rectangles that are sent: as few as possible, each of one kind.
import GVTCore

/// Tiles, or several joined ones.
struct PlannedRectangle: Equatable {
  var rect: PixelRect
  var content: TileContent
  /// How many tile columns it covers, whole or in part.
  var columns = 1
}

/// A rectangle costs about 12 bytes of header, and 30 to 100 more where it has a palette and a Huffman table of its
/// own; a JPEG costs about 600 bytes of tables. So tiles are joined where that does not make the many pay for the few.
enum RectanglePlanner {
  /// rfbproto, Tight Encoding: "the width of the rectangle … 2048 pixels".
  static let widthLimit = 2048
  /// Tiles of another kind that are fewer than this are cheaper as a part of their neighbour.
  private static let absorbedColumns = 3

  /// `rows` are a band's rows of tiles from top to bottom, each from left to right, with gaps where a tile is not
  /// wanted.
  static func plan(_ rows: [[PlannedRectangle]]) -> [PlannedRectangle] {
    var finished: [PlannedRectangle] = []
    var open: [PlannedRectangle] = []
    for row in rows {
      let runs = joined(joined(row, when: isSameKind), when: isWorthAbsorbing)
      var next: [PlannedRectangle] = []
      for var run in runs {
        if let index = open.firstIndex(where: { isAbove($0.rect, run.rect) && canJoin($0, run) }) {
          run = join(open.remove(at: index), run)
        }
        next.append(run)
      }
      finished += open
      open = next
    }
    return finished + open
  }

  private static func joined(
    _ row: [PlannedRectangle], when isWanted: (PlannedRectangle, PlannedRectangle) -> Bool
  ) -> [PlannedRectangle] {
    var result: [PlannedRectangle] = []
    for var run in row {
      while let last = result.last, last.rect.maxX == run.rect.x,
        last.rect.width + run.rect.width <= widthLimit, isWanted(last, run)
      {
        run = join(last, run)
        run.columns += last.columns
        result.removeLast()
      }
      result.append(run)
    }
    return result
  }

  private static func isAbove(_ upper: PixelRect, _ lower: PixelRect) -> Bool {
    upper.x == lower.x && upper.width == lower.width && upper.maxY == lower.y
  }

  private static func canJoin(_ a: PlannedRectangle, _ b: PlannedRectangle) -> Bool {
    isSameKind(a, b) || isWorthAbsorbing(a, b)
  }

  private static func join(_ a: PlannedRectangle, _ b: PlannedRectangle) -> PlannedRectangle {
    var result = PlannedRectangle(rect: a.rect.union(b.rect), content: b.content, columns: b.columns)
    if case .indexed(let palette, let first) = a.content, case .indexed(_, let second) = b.content {
      result.content = .indexed(palette: palette, colours: first.union(second))
    }
    return result
  }

  /// Two photos, two of one colour or of the same two colours, or both of several.
  private static func isSameKind(_ a: PlannedRectangle, _ b: PlannedRectangle) -> Bool {
    switch (a.content, b.content) {
    case (.photo, .photo): true
    case (.indexed(let p, let x), .indexed(let q, let y)): p == q && (x == y || (x.count > 2 && y.count > 2))
    default: false
    }
  }

  /// One is short, and the other has a palette that it fits into. Two fills stay fills: nothing is cheaper.
  private static func isWorthAbsorbing(_ a: PlannedRectangle, _ b: PlannedRectangle) -> Bool {
    guard case .indexed(let p, let x) = a.content, case .indexed(let q, let y) = b.content, p == q else { return false }
    guard x.count > 1 || y.count > 1 else { return false }
    if x.count == y.count { return min(a.columns, b.columns) <= absorbedColumns }
    return (x.count < y.count ? a.columns : b.columns) <= absorbedColumns
  }
}
