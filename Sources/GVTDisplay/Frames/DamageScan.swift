// Brings a frame up to date tile by tile, and keeps account of what was different.
import GVTCore
import Glibc

/// One pass over a picture. The fourth byte of a source's pixels may hold anything: it never counts as a difference and
/// never gets into the frame.
struct DamageScan {
  /// Beyond this many changed tiles ``bounds`` grows by whole tiles: a picture that changes all over has no use for more.
  private static let examinedTiles = 64

  private(set) var tiles: TileSet
  private(set) var bounds = PixelRect.empty
  private var examined = 0

  init(size: PixelSize) { tiles = TileSet(size: size) }

  /// Makes tiles of one row of `frame` equal to `source`, which points at the first pixel of the first of `columns`. They
  /// ascend; between them there may be gaps, in `source` too.
  mutating func update(
    columns: [Int], row: Int, of frame: Frame, from source: UnsafeRawPointer, strideBytes: Int
  ) {
    guard let first = columns.first, let last = columns.last else { return }
    func pair(_ columns: ClosedRange<Int>) -> (rows: RowPair, rect: PixelRect) {
      let rect = tiles.rect(column: columns.lowerBound, row: row).union(
        tiles.rect(column: columns.upperBound, row: row))
      let rows = unsafe RowPair(
        source: source + (columns.lowerBound - first) * TileSet.tileSide * 4, sourceStride: strideBytes,
        target: frame.pixels + rect.y * frame.strideBytes + rect.x * 4, targetStride: frame.strideBytes,
        width: rect.width)
      return (rows, rect)
    }
    // Whole rows are read faster than one tile after the other, and most of most screens stands still.
    let whole = pair(first...last)
    if (0..<whole.rect.height).allSatisfy({ whole.rows.isEqual(row: $0) }) { return }
    // Neighbours that differ from the same row on are copied together.
    var run: (columns: ClosedRange<Int>, from: Int)?
    func copy(_ run: (columns: ClosedRange<Int>, from: Int)?) {
      guard let run else { return }
      let part = pair(run.columns)
      part.rows.copy(rows: run.from..<part.rect.height)
    }
    for column in columns {
      let tile = pair(column...column)
      guard let from = (0..<tile.rect.height).first(where: { !tile.rows.isEqual(row: $0) }) else { continue }
      note(tile.rows, at: tile.rect, from: from, column: column, row: row)
      if let open = run, open.from == from, open.columns.upperBound + 1 == column {
        run = (open.columns.lowerBound...column, from)
      } else {
        copy(run)
        run = (column...column, from)
      }
    }
    copy(run)
  }

  private mutating func note(_ pair: RowPair, at rect: PixelRect, from: Int, column: Int, row: Int) {
    tiles.insert(column: column, row: row)
    if examined < Self.examinedTiles && !bounds.contains(rect) {
      examined += 1
      bounds = bounds.union(pair.extent(from: from, height: rect.height).offset(byX: rect.x, y: rect.y))
    } else {
      bounds = bounds.union(rect)
    }
  }
}

/// Rows of 32-bit pixels at two places, compared and copied without their fourth bytes.
@safe struct RowPair {
  let source: UnsafeRawPointer
  let sourceStride: Int
  let target: UnsafeMutableRawPointer
  let targetStride: Int
  /// In pixels.
  let width: Int

  private static let colours: UInt64 = 0x00ff_ffff_00ff_ffff

  func isEqual(row: Int) -> Bool {
    let from = unsafe source + row * sourceStride
    let to = unsafe target + row * targetStride
    // The fast answer when the source keeps its fourth bytes at zero.
    if unsafe memcmp(from, to, width * 4) == 0 { return true }
    return difference(row: row, x: 0, width: width) == 0
  }

  /// Copies rows `rows`, 64 bytes at a time where the tile is that wide.
  func copy(rows: Range<Int>) {
    let mask = SIMD8<UInt64>(repeating: Self.colours)
    let wide = width / 16 * 64
    for row in rows {
      let from = unsafe source + row * sourceStride
      let to = unsafe target + row * targetStride
      var offset = 0
      while offset < wide {
        let value = unsafe from.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
        unsafe to.storeBytes(of: value & mask, toByteOffset: offset, as: SIMD8<UInt64>.self)
        offset &+= 64
      }
      while offset < width &* 4 {
        let value = unsafe from.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        unsafe to.storeBytes(of: value & 0xff_ffff, toByteOffset: offset, as: UInt32.self)
        offset &+= 4
      }
    }
  }

  /// All bits of colour that differ in a part of a row, one over the other.
  @inline(__always)
  private func difference(row: Int, x: Int, width: Int) -> UInt64 {
    let from = unsafe source + row * sourceStride + x * 4
    let to = unsafe UnsafeRawPointer(target) + row * targetStride + x * 4
    var bits: UInt64 = 0
    var offset = 0
    while offset < width / 2 * 8 {
      bits |=
        unsafe from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ to.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    if width % 2 != 0 {
      let last =
        unsafe from.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        ^ to.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      bits |= UInt64(last)
    }
    return bits & Self.colours
  }

  /// The smallest rectangle around all differences, in rows and in groups of eight pixels. `first` is the first row
  /// that differs.
  func extent(from first: Int, height: Int) -> PixelRect {
    let last = (first..<height).last { !isEqual(row: $0) } ?? first
    let groups = 0..<(width + 7) / 8
    let differs = { (group: Int) in
      (first...last).contains {
        difference(row: $0, x: group * 8, width: min(8, width - group * 8)) != 0
      }
    }
    let left = (groups.first(where: differs) ?? 0) * 8
    let right = min(((groups.last(where: differs) ?? groups.upperBound - 1) + 1) * 8, width)
    return PixelRect(x: left, y: first, width: right - left, height: last + 1 - first)
  }
}
