// A VM of a test's own making: it shows what it is told to, when it is told to.
import GVTCore

@testable import GVTDisplay

/// A source whose picture a test paints. Lives on the thread that runs the display, as all sources do.
final class ScriptedSource: DisplaySource {
  var size: PixelSize
  var status: SourceStatus = .running
  var pacing: SourcePacing = .announced
  var cursor: CursorState = .unknown
  var input: (any InputSink)?
  var isWatched = false
  var isPictureDue = false
  var captures = 0
  /// Called in each capture.
  var onCapture: () -> Void = {}
  var resizeAnswer: ResizeAnswer = .unsupported
  var requestedSizes: [PixelSize] = []
  private var buffer: PlaneBuffer
  private(set) var events: SourceEvents?
  private var colour: (Int, Int) -> UInt32 = { _, _ in 0 }

  init(size: PixelSize) {
    self.size = size
    buffer = .bytes(count: size.area * 4)
  }

  func start(on loop: EventLoop, events: SourceEvents) { self.events = events }

  func capture(into store: FrameStore) -> Damage {
    captures += 1
    onCapture()
    let layout = SurfaceLayout(format: .xrgb8888, size: size, strideBytes: size.width * 4)
    let layer = PictureLayer(buffer: buffer, layout: layout, position: .zero, isOpaque: true)
    do {
      return try store.present([layer], size: size, hint: .unknown)
    } catch {
      return store.present(StatusCard(title: "No picture", detail: "\(error)"))
    }
  }

  func setWatched(_ isWatched: Bool) { self.isWatched = isWatched }

  let planes: [PlaneReport] = []
  let details: [SourceDetail] = []

  func setAttached(_ isAttached: Bool) -> Bool { false }

  func requestSize(_ size: PixelSize) -> ResizeAnswer {
    requestedSizes.append(size)
    return resizeAnswer
  }

  func stop() {}

  /// Paints the whole picture, announced.
  func paint(size: PixelSize? = nil, _ colour: @escaping (Int, Int) -> UInt32) {
    if let size { self.size = size }
    let size = self.size
    self.colour = colour
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size.area * 4)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let pixel = colour(x, y)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: pixel >> shift)) }
      }
    }
    if buffer.count != bytes.count { buffer = .bytes(count: bytes.count) }
    _ = unsafe buffer.withMutableBytes { unsafe $0.copyBytes(from: bytes) }
    events?.pictureChanged()
  }
}
