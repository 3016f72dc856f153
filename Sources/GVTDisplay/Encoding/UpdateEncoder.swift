// Turns parts of a frame into the rectangles of a framebuffer update, on worker threads.
package import GVTCore
package import NIOCore

/// A part of the frame that some viewers need, and how they want it.
package struct EncodeRequest: Hashable, Sendable {
  package var tiles: TileSet
  /// Nothing outside this rectangle is sent.
  package var clip: PixelRect
  package var settings: EncodingSettings
}

/// The rectangles of one update, without its header.
package struct EncodedUpdate: Sendable {
  package var rectangleCount: Int
  package var buffers: [ByteBuffer]
}
