// What one needs to know to find a surface's pixels in a run of bytes.

/// The layout of a picture in memory. Checked where it is made: every visible pixel lies within ``byteCount``.
package struct SurfaceLayout: Equatable, Sendable {
  package var format: PixelFormat
  package var tiling: Tiling
  /// The visible part, in pixels.
  package var size: PixelSize
  /// From one row (linear) or one row of tiles' first byte line (tiled) to the next line, in bytes.
  package var strideBytes: Int
  /// Where the surface begins in its buffer, in bytes.
  package var byteOffset: Int
  /// The first visible pixel within the surface.
  package var origin: PixelPoint
  /// For ``PixelFormat/c8``: 256 entries of XRGB8888. Nil for other formats.
  package var palette: [UInt32]?

  package init(
    format: PixelFormat, tiling: Tiling = .linear, size: PixelSize, strideBytes: Int, byteOffset: Int = 0,
    origin: PixelPoint = .zero, palette: [UInt32]? = nil
  ) {
    self.format = format
    self.tiling = tiling
    self.size = size
    self.strideBytes = strideBytes
    self.byteOffset = byteOffset
    self.origin = origin
    self.palette = palette
  }

  /// Bytes from the start of the buffer to just after the last one that holds a visible pixel.
  package var byteCount: Int {
    let rows = origin.y + size.height
    switch tiling {
    case .linear:
      return byteOffset + (rows - 1) * strideBytes + (origin.x + size.width) * format.bytesPerPixel
    case .x: return byteOffset + (rows + 7) / 8 * 8 * strideBytes
    case .y: return byteOffset + (rows + 31) / 32 * 32 * strideBytes
    case .yf:
      let tileRows = 4096 / Tiling.yf.strideUnitBytes(bytesPerPixel: format.bytesPerPixel)
      return byteOffset + (rows + tileRows - 1) / tileRows * tileRows * strideBytes
    }
  }
}
