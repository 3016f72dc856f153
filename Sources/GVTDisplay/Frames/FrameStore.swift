// The display's current picture, and how a capture gets into it.
package import GVTCore

/// Holds the frame that viewers see.
package final class FrameStore {
  package private(set) var frame: Frame

  package init(size: PixelSize) { frame = Frame(size: size) }
}
