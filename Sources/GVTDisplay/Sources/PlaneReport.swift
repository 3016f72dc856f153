// What a plane says of itself, for `gvt-vnc info --planes`.

import GVTCore

/// One plane of a source, as it was found last.
package struct PlaneReport: Codable, Equatable, Sendable {
  package enum Kind: String, Codable, Sendable { case primary, overlay, cursor }

  package var kind: Kind
  /// Which one, where there are several: a pipe, a plane's number, a console.
  package var name: String?
  /// Why it shows nothing, in one sentence; nil while it shows something.
  package var problem: String?
  /// A DRM format code, such as `XR24`.
  package var format: String?
  /// The modifier's name, as libdrm has it.
  package var modifier: String?
  package var width: Int?
  package var height: Int?
  package var strideBytes: Int?
  /// Where its upper left corner is on the screen.
  package var x: Int?
  package var y: Int?
  /// Where a cursor points, within the plane.
  package var hotSpotX: Int?
  package var hotSpotY: Int?
  /// What the buffer is called by whoever lends it: a dmabuf_id, a region, a framebuffer.
  package var buffer: String?
  /// How its bytes are reached, such as `mmap`.
  package var importer: String?
  /// Answers that were refusals or made no sense, by kind.
  package var errors: [String: Int] = [:]

  package init(_ kind: Kind) { self.kind = kind }

  /// A plane with these pixels, whose upper left corner is at `position` of the screen.
  init(_ kind: Kind, _ layout: SurfaceLayout, at position: PixelPoint = .zero) {
    self.kind = kind
    format = layout.format.code.description
    modifier = layout.tiling.modifierName
    (width, height) = (layout.size.width, layout.size.height)
    strideBytes = layout.strideBytes
    (x, y) = (position.x, position.y)
  }
}
