// One of the pictures that lie over each other on a screen.
package import GVTCore

/// A plane: bytes, how they are laid out, and where on the screen they go.
package struct PictureLayer {
  package var buffer: PlaneBuffer
  package var layout: SurfaceLayout
  /// Where the first visible pixel goes; may lie outside the picture.
  package var position: PixelPoint
  /// False if the format's alpha counts: colours are multiplied by it already.
  package var isOpaque: Bool

  package init(
    buffer: PlaneBuffer, layout: SurfaceLayout, position: PixelPoint = .zero, isOpaque: Bool = true
  ) {
    self.buffer = buffer
    self.layout = layout
    self.position = position
    self.isOpaque = isOpaque
  }

  /// The part of the screen that it takes up.
  var rect: PixelRect { layout.size.bounds.offset(byX: position.x, y: position.y) }
  /// Nothing below it shows through.
  var hidesWhatIsBelow: Bool { isOpaque || layout.format.alpha.isEmpty }
}

/// A layer whose bytes are there to be read.
@safe struct ReadableLayer {
  let layer: PictureLayer
  let bytes: UnsafeRawPointer
}
