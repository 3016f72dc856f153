// How much of a buffer a surface touches, with numbers that may come from a guest.
package import GVTCore

extension PixelSize {
  /// Whether a picture of this size can be shown: 1x1 to 16384x16384, at most 64 Mpixel.
  package var isShowable: Bool {
    let side = 1...16384
    return side.contains(width) && side.contains(height) && area <= 64 << 20
  }
}

extension Tiling {
  /// The size of a tile in bytes across and rows down; nil for linear surfaces.
  var tileShape: (bytes: Int, rows: Int)? { tileShape(bytesPerPixel: 4) }

  /// As ``tileShape`` for a pixel of `bytesPerPixel`, which matters to Yf only.
  func tileShape(bytesPerPixel: Int) -> (bytes: Int, rows: Int)? {
    guard self != .linear else { return nil }
    let bytes = strideUnitBytes(bytesPerPixel: bytesPerPixel)
    return (bytes, 4096 / bytes)
  }
}

extension SurfaceLayout {
  /// What ``byteCount`` says if this layout describes a surface at all: every number within reason, rows that do
  /// not overlap, tiles that fit the stride. Nil otherwise.
  package var checkedByteCount: Int? {
    guard size.isShowable, (0...1 << 20).contains(origin.x), (0...1 << 20).contains(origin.y),
      (0...1 << 24).contains(strideBytes), (0...1 << 40).contains(byteOffset)
    else { return nil }
    let rowEnd = (origin.x + size.width) * format.bytesPerPixel
    if let tile = tiling.tileShape(bytesPerPixel: format.bytesPerPixel) {
      guard strideBytes % tile.bytes == 0, rowEnd <= strideBytes else { return nil }
    } else {
      guard size.height == 1 || strideBytes >= size.width * format.bytesPerPixel else { return nil }
    }
    return byteCount
  }
}
