// Fences: ranges of graphics memory that the aperture shows as if they were not tiled.

/// A fence register of Gen6 and later (i915 `i965_write_fence_reg`, `FENCE_REG_GEN6_LO`).
package struct Fence: Equatable, Sendable {
  /// What it covers, whole pages.
  package let range: Range<UInt64>
  /// Bytes in a row of the surface: whole tiles.
  package let pitchBytes: UInt64
  package let isTiledY: Bool

  /// Nil if the fence is off or says something that hardware could not do.
  package init?(rawValue: UInt64) {
    // Bit 0 valid, bit 1 Y tiles, 31:12 the first page; 42:32 the pitch in units of 128 bytes less one, 63:44 the last page.
    let pageMask: UInt64 = 0xffff_f000
    let start = rawValue & pageMask
    let end = rawValue >> 32 & pageMask
    guard rawValue & 1 == 1, end >= start else { return nil }
    range = start..<end + 0x1000
    isTiledY = rawValue & 2 != 0
    pitchBytes = ((rawValue >> 32 & 0x7ff) + 1) * 128
    guard pitchBytes % tileWidth == 0 else { return nil }
  }

  /// Where the byte that the processor sees at `address` really is, and how many after it are beside it.
  package func place(of address: UInt64) -> (address: UInt64, count: Int) {
    let offset = address - range.lowerBound
    let (row, column) = offset.quotientAndRemainder(dividingBy: pitchBytes)
    let tile = row / tileRows * (pitchBytes / tileWidth) + column / tileWidth
    let (x, y) = (column % tileWidth, row % tileRows)
    // An X tile has rows of 512 bytes, a Y tile columns of 16 bytes by 32 rows (PRM Vol 5, Memory Views).
    let within = isTiledY ? x / 16 * 512 + y * 16 + x % 16 : y * 512 + x
    let run = isTiledY ? 16 - x % 16 : 512 - x
    return (range.lowerBound + tile * 4096 + within, Int(min(run, range.upperBound - address)))
  }

  private var tileWidth: UInt64 { isTiledY ? 128 : 512 }
  private var tileRows: UInt64 { isTiledY ? 32 : 8 }
}
