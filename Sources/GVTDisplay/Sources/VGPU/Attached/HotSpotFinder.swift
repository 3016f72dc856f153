// Where a guest's pointer points, for drivers that do not say: Linux' i915 knows its cursor's corner only.
import GVTCore

/// Learns cursors' hot spots. A pointer that was put somewhere and has come to rest has its hot spot there, so that the
/// distance to its image's corner is the hot spot.
struct HotSpotFinder {
  /// How long nothing may have moved, in nanoseconds.
  static let rest: Int64 = .milliseconds(150)
  /// Themes have a few dozen cursors.
  private static let mostImages = 64

  private var known: [CursorImage: PixelPoint] = [:]
  private var target: PixelPoint?

  /// The guest was told to put its pointer there.
  mutating func pointed(at position: PixelPoint) { target = position }

  /// The hot spot of an image, if it was learnt.
  func hotSpot(of image: CursorImage) -> PixelPoint? { known[image] }

  /// The image is at rest with its corner there. True if that told something new.
  mutating func rested(_ image: CursorImage, at corner: PixelPoint) -> Bool {
    guard let target else { return false }
    let hotSpot = PixelPoint(x: target.x - corner.x, y: target.y - corner.y)
    // Elsewhere: the guest has moved it, or has not got there.
    guard (0..<image.size.width).contains(hotSpot.x), (0..<image.size.height).contains(hotSpot.y) else { return false }
    guard known[image] != hotSpot else { return false }
    if known.count >= Self.mostImages { known = [:] }
    known[image] = hotSpot
    return true
  }
}

/// Tells where the guest's pointer is being put, and passes everything on.
final class PointerObserver: InputSink {
  private let sink: any InputSink
  private let onPosition: (PixelPoint) -> Void

  init(_ sink: any InputSink, onPosition: @escaping (PixelPoint) -> Void) {
    self.sink = sink
    self.onPosition = onPosition
  }

  func send(_ key: KeyPress) { sink.send(key) }

  func send(_ pointer: PointerState, within frame: PixelSize) {
    onPosition(pointer.position)
    sink.send(pointer, within: frame)
  }
}
