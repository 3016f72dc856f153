// Our copy of a screen that QEMU sends as bytes, piece by piece.
import GVTCore

/// Pixels in memory of our own, which grows with what arrives.
///
/// A change to a text mode comes without a Scanout: rows for the new screen arrive, and elsewhere, before or after them,
/// the console's new size. So rows outside are kept, and what is visible is a question of its own.
struct ConsolePixels {
  /// An Update may not make the canvas larger than a Scanout could: 64 MiB, D-Bus's longest array.
  static let mostPixels = 16 << 20

  private(set) var buffer: PlaneBuffer
  private(set) var size: PixelSize
  let format: PixelFormat
  private var strideBytes: Int { size.width * format.bytesPerPixel }

  init(size: PixelSize, format: PixelFormat) {
    self.size = size
    self.format = format
    buffer = .bytes(count: size.area * format.bytesPerPixel)
  }

  /// The part that begins at the top left and has that size, which fits.
  func layout(showing visible: PixelSize) -> SurfaceLayout {
    SurfaceLayout(format: format, size: visible, strideBytes: strideBytes)
  }

  /// Makes room for a picture of that size, if it is one we take.
  mutating func grow(toHold wanted: PixelSize) -> Bool {
    if wanted.width <= size.width && wanted.height <= size.height { return true }
    let larger = PixelSize(width: max(size.width, wanted.width), height: max(size.height, wanted.height))
    guard larger.isShowable, larger.area <= Self.mostPixels else { return false }
    var grown = ConsolePixels(size: larger, format: format)
    let everything = size.bounds
    let stride = strideBytes
    _ = unsafe try? buffer.read { bytes in
      unsafe grown.write(bytes, strideBytes: stride, to: everything)
    }
    self = grown
    return true
  }

  /// Copies a rectangle's rows in. False if there are not enough bytes, or it lies outside.
  mutating func write(_ bytes: UnsafeRawBufferPointer, strideBytes sourceStride: Int, to rect: PixelRect) -> Bool {
    guard size.bounds.contains(rect), !rect.isEmpty else { return false }
    let offset = rect.y * strideBytes + rect.x * format.bytesPerPixel
    return unsafe buffer.copyRows(
      from: bytes, strideBytes: sourceStride, rowBytes: rect.width * format.bytesPerPixel, rows: rect.height,
      to: offset, strideBytes: strideBytes)
  }
}
