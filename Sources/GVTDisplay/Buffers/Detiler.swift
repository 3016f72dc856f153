// Copies pixels out of linear and tiled surfaces into rows (PRM Vol 5, Memory Views: Address Tiling; no bit-6 swizzle,
// which Gen9 has not).
import CLinux
package import GVTCore
import Glibc

/// Untangles tilings. Knows bytes, not pixels.
package enum Detiler {
  /// Copies `region` of the visible part of a surface, in its own pixel format, to rows of `strideBytes`.
  ///
  /// `source` holds the whole surface: ``SurfaceLayout/checkedByteCount`` fits it, and `region` lies in the visible part.
  /// Of memory that is slow to read every byte is fetched once, in order.
  package static func copy(
    _ region: PixelRect, of layout: SurfaceLayout, from source: UnsafeRawPointer, isSlow: Bool = false,
    to destination: UnsafeMutableRawPointer, strideBytes: Int
  ) {
    let pixel = layout.format.bytesPerPixel
    let bytes = (layout.origin.x + region.x) * pixel..<(layout.origin.x + region.maxX) * pixel
    let rows = layout.origin.y + region.y..<layout.origin.y + region.maxY
    let surface = unsafe source + layout.byteOffset
    guard let tile = layout.tiling.tileShape(bytesPerPixel: pixel) else {
      for row in rows {
        unsafe copyRun(
          to: destination + (row - rows.lowerBound) * strideBytes,
          from: surface + row * layout.strideBytes + bytes.lowerBound, bytes.count, isSlow: isSlow)
      }
      return
    }
    let tilesPerRow = layout.strideBytes / tile.bytes
    unsafe withPattern(of: layout.tiling, tileBytes: tile.bytes) { pattern, scratch in
      for tileRow in rows.lowerBound / tile.rows...(rows.upperBound - 1) / tile.rows {
        let top = max(rows.lowerBound - tileRow * tile.rows, 0)
        let bottom = min(rows.upperBound - tileRow * tile.rows, tile.rows)
        for column in bytes.lowerBound / tile.bytes...(bytes.upperBound - 1) / tile.bytes {
          let left = max(bytes.lowerBound - column * tile.bytes, 0)
          let right = min(bytes.upperBound - column * tile.bytes, tile.bytes)
          var from = unsafe surface + (tileRow * tilesPerRow + column) * 4096
          let to =
            unsafe destination + (tileRow * tile.rows + top - rows.lowerBound) * strideBytes
            + (column * tile.bytes + left - bytes.lowerBound)
          let window = TileWindow(left: left, right: right, top: top, bottom: bottom)
          // Columns jump about in a tile, which cached memory does not mind.
          if isSlow, unsafe pattern.columns != nil {
            unsafe gvt_copy_from_device(scratch, from, 4096)
            unsafe from = UnsafeRawPointer(scratch)
          }
          unsafe copyTile(window, pattern, from: from, isSlow: isSlow, to: to, strideBytes: strideBytes)
        }
      }
    }
  }

  /// A part of one tile, in bytes across and rows down.
  private struct TileWindow {
    var left: Int
    var right: Int
    var top: Int
    var bottom: Int
  }

  /// Where the 16-byte column `c` and the row `r` of a tile are: at `columns[c] + rows[r]`. X tiles, whose rows are
  /// whole, have no columns.
  @safe private struct Pattern {
    var columns: UnsafeMutablePointer<Int>?
    var rows: UnsafeMutablePointer<Int>
  }

  /// Lends the pattern, and room for a tile.
  private static func withPattern(
    of tiling: Tiling, tileBytes: Int, _ body: (Pattern, UnsafeMutableRawPointer) -> Void
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 96 + 512) { table in
      guard let base = table.baseAddress else { return }
      let rows = 4096 / tileBytes
      for row in 0..<rows { unsafe base[row] = rowOffset(row, tiling: tiling, tileBytes: tileBytes) }
      for column in 0..<tileBytes / 16 {
        unsafe base[64 + column] = columnOffset(column, tiling: tiling, tileBytes: tileBytes)
      }
      unsafe body(Pattern(columns: tiling == .x ? nil : base + 64, rows: base), UnsafeMutableRawPointer(base + 96))
    }
  }

  /// Yf, bits of the address within the tile from the highest, u across in bytes and v down in rows:
  /// u5 v5 u4 v4 v3 v2 v1 v0 u3…u0 (tiles 64 bytes wide), u6 v4 u5 v3 u4 v2 v1 v0 u3…u0 (128), and
  /// u7 v3 u6 v2 u5 u4 v1 v0 u3…u0 (256): drm_fourcc.h at I915_FORMAT_MOD_Yf_TILED, and for 128 bytes the
  /// byte pattern in IGT's gem_render_copy test.
  private static func rowOffset(_ row: Int, tiling: Tiling, tileBytes: Int) -> Int {
    func bit(_ number: Int, to place: Int) -> Int { (row >> number & 1) << place }
    switch (tiling, tileBytes) {
    case (.x, _): return row * 512
    case (.yf, 64): return (row & 15) << 4 | bit(4, to: 8) | bit(5, to: 10)
    case (.yf, 128): return (row & 7) << 4 | bit(3, to: 8) | bit(4, to: 10)
    case (.yf, _): return (row & 3) << 4 | bit(2, to: 8) | bit(3, to: 10)
    default: return row * 16
    }
  }

  private static func columnOffset(_ column: Int, tiling: Tiling, tileBytes: Int) -> Int {
    func bit(_ number: Int, to place: Int) -> Int { (column >> number & 1) << place }
    switch (tiling, tileBytes) {
    case (.yf, 64): return bit(0, to: 9) | bit(1, to: 11)
    case (.yf, 128): return bit(0, to: 7) | bit(1, to: 9) | bit(2, to: 11)
    case (.yf, _): return (column & 3) << 6 | bit(2, to: 9) | bit(3, to: 11)
    default: return column * 512
    }
  }

  private static func copyTile(
    _ window: TileWindow, _ pattern: Pattern, from tile: UnsafeRawPointer, isSlow: Bool,
    to destination: UnsafeMutableRawPointer, strideBytes: Int
  ) {
    guard let columns = unsafe pattern.columns else {
      for row in window.top..<window.bottom {
        unsafe copyRun(
          to: destination + (row - window.top) * strideBytes, from: tile + pattern.rows[row] + window.left,
          window.right - window.left, isSlow: isSlow)
      }
      return
    }
    // Whole 16-byte columns first, then what the window cuts off at either side.
    let firstWhole = (window.left + 15) / 16
    let endWhole = window.right / 16
    for row in window.top..<window.bottom {
      let from = unsafe tile + pattern.rows[row]
      let to = unsafe destination + (row - window.top) * strideBytes
      var column = firstWhole
      while column < endWhole {
        let piece = unsafe from.loadUnaligned(fromByteOffset: columns[column], as: SIMD2<UInt64>.self)
        unsafe (to + column &* 16 - window.left).storeBytes(of: piece, as: SIMD2<UInt64>.self)
        column &+= 1
      }
      let head = window.left..<min(firstWhole * 16, window.right)
      unsafe copyCut(head, columns, from, to, window.left)
      let tail = max(endWhole, firstWhole) * 16..<max(window.right, firstWhole * 16)
      unsafe copyCut(tail, columns, from, to, window.left)
    }
  }

  /// Copies bytes that follow each other.
  private static func copyRun(
    to destination: UnsafeMutableRawPointer, from source: UnsafeRawPointer, _ count: Int, isSlow: Bool
  ) {
    if isSlow {
      unsafe gvt_copy_from_device(destination, source, count)
    } else {
      unsafe memcpy(destination, source, count)
    }
  }

  /// Copies a range of bytes that lies in one 16-byte column, or is empty.
  private static func copyCut(
    _ bytes: Range<Int>, _ columns: UnsafeMutablePointer<Int>, _ from: UnsafeRawPointer,
    _ to: UnsafeMutableRawPointer, _ left: Int
  ) {
    if bytes.isEmpty { return }
    let column = bytes.lowerBound / 16
    unsafe memcpy(
      to + bytes.lowerBound - left, from + columns[column] + bytes.lowerBound % 16, bytes.count)
  }
}
