// What whoever lends a dmabuf says of the picture in it.
package import GVTCore

/// A picture in a dmabuf, in the words of the kernel's interfaces; nothing in it has been checked.
package struct DMABufDescription: Equatable, Sendable {
  package var code: FourCC
  /// Nil, or DRM_FORMAT_MOD_INVALID, when nobody says.
  package var modifier: UInt64?
  package var size: PixelSize
  package var strideBytes: Int
  package var byteOffset: Int

  package init(code: FourCC, modifier: UInt64?, size: PixelSize, strideBytes: Int, byteOffset: Int = 0) {
    self.code = code
    self.modifier = modifier
    self.size = size
    self.strideBytes = strideBytes
    self.byteOffset = byteOffset
  }
}
