// Our own copy of a picture: XRGB8888, the one form that everything after capture works on.
package import GVTCore

/// A picture in cached memory that only the display thread writes. Encoding jobs on other threads read it while the
/// display thread promises not to (``UpdateEncoder``).
@safe package final class Frame: @unchecked Sendable {
  package let size: PixelSize
  /// From one row to the next, in bytes: a multiple of 64.
  package let strideBytes: Int
  /// The first pixel: blue, green, red, and a fourth byte that is always zero, whatever the guest wrote there: equal
  /// pixels are equal words, and a reader needs no mask. The bytes from a row's last pixel to the stride are zero too.
  package let pixels: UnsafeMutableRawPointer

  /// A black picture.
  package init(size: PixelSize) {
    precondition(!size.isEmpty, "a frame has at least one pixel")
    self.size = size
    strideBytes = (size.width * 4 + 63) / 64 * 64
    unsafe pixels = .allocate(byteCount: strideBytes * size.height, alignment: 4096)
    unsafe pixels.initializeMemory(as: UInt8.self, repeating: 0, count: strideBytes * size.height)
  }

  deinit { unsafe pixels.deallocate() }

  /// One row's pixels as 32-bit values 0x00RRGGBB.
  package func row(_ y: Int) -> UnsafeMutableBufferPointer<UInt32> {
    precondition(y >= 0 && y < size.height, "row \(y) is outside the frame")
    let start = unsafe pixels + y * strideBytes
    return unsafe UnsafeMutableBufferPointer(
      start: start.assumingMemoryBound(to: UInt32.self), count: size.width)
  }

  /// One row's pixels as 0x00RRGGBB, for those who keep them.
  package func copyOfRow(_ y: Int) -> [UInt32] { unsafe row(y).map { $0 & 0xFF_FFFF } }

  /// A pixel as 0x00RRGGBB. For tests and cursors; not for loops over a picture.
  package subscript(x: Int, y: Int) -> UInt32 {
    get { unsafe row(y)[x] }
    set { unsafe row(y)[x] = newValue }
  }
}

/// What a capture changed.
package struct Damage: Equatable, Sendable {
  /// The tiles with at least one changed pixel.
  package var tiles: TileSet
  /// A rectangle around all changed pixels: the smallest, exact to the pixel row and to eight pixels across, while few
  /// tiles changed; when many did, it is exact to the tile. Always within the tiles' own bounds.
  package var bounds: PixelRect
  /// The picture has a new size: everything is new and ``tiles`` holds all.
  package var isResize: Bool

  package init(tiles: TileSet, bounds: PixelRect, isResize: Bool = false) {
    self.tiles = tiles
    self.bounds = bounds
    self.isResize = isResize
  }

  package var isEmpty: Bool { tiles.isEmpty }

  package static func everything(of size: PixelSize, isResize: Bool = false) -> Damage {
    Damage(tiles: .all(of: size), bounds: size.bounds, isResize: isResize)
  }

  package static func nothing(in size: PixelSize) -> Damage {
    Damage(tiles: TileSet(size: size), bounds: .empty)
  }

  /// This and, of the same frame, what was done to it next.
  package func joined(with next: Damage) -> Damage {
    guard !next.isResize else { return next }
    var tiles = self.tiles
    tiles.formUnion(next.tiles)
    return Damage(tiles: tiles, bounds: bounds.union(next.bounds), isResize: isResize)
  }
}

/// Where a source says that pixels may have changed since its last capture.
package enum DamageHint: Equatable, Sendable {
  /// Anywhere.
  case unknown
  /// Only within these rectangles of the picture.
  case within([PixelRect])
}
