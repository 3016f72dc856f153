// Small pictures copied out whole: cursors.
package import GVTCore

extension PlaneBuffer {
  /// The pixels of a linear picture of 32-bit pixels, row by row. The layout may come from a guest.
  package func pixels(_ layout: SurfaceLayout) throws(BufferFailure) -> [UInt32] {
    guard layout.tiling == .linear, layout.format.bytesPerPixel == 4, let needed = layout.checkedByteCount else {
      throw .impossibleLayout
    }
    guard needed <= count else { throw .tooShort(needed: needed, has: count) }
    return unsafe try read { bytes in
      var pixels: [UInt32] = []
      pixels.reserveCapacity(layout.size.area)
      for y in 0..<layout.size.height {
        let row = layout.byteOffset + (layout.origin.y + y) * layout.strideBytes + layout.origin.x * 4
        for x in 0..<layout.size.width {
          pixels.append(unsafe bytes.loadUnaligned(fromByteOffset: row + x * 4, as: UInt32.self))
        }
      }
      return pixels
    }
  }
}
