// Small pictures copied out whole: cursors.
package import GVTCore

extension PlaneBuffer {
  /// The pixels of a picture of 32-bit pixels, row by row. The layout may come from a guest.
  package func pixels(_ layout: SurfaceLayout) throws(BufferFailure) -> [UInt32] {
    guard layout.format.bytesPerPixel == 4, let needed = layout.checkedByteCount else { throw .impossibleLayout }
    guard needed <= count else { throw .tooShort(needed: needed, has: count) }
    return unsafe try read { bytes in
      unsafe [UInt32](unsafeUninitializedCapacity: layout.size.area) { pixels, filled in
        guard let from = bytes.baseAddress, let to = pixels.baseAddress else { return }
        unsafe Detiler.copy(
          layout.size.bounds, of: layout, from: from, isSlow: isSlow, to: UnsafeMutableRawPointer(to),
          strideBytes: layout.size.width * 4)
        filled = layout.size.area
      }
    }
  }
}
