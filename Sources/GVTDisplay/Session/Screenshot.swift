// A still copy of a display's picture.
package import GVTCore
package import Logging

/// A picture that nobody changes any more.
package struct Screenshot: Sendable {
  package let size: PixelSize
  /// Row by row, 0x00RRGGBB.
  package let pixels: [UInt32]

  init(_ frame: Frame) {
    size = frame.size
    var pixels: [UInt32] = []
    pixels.reserveCapacity(frame.size.area)
    for y in 0..<frame.size.height {
      pixels.append(contentsOf: frame.copyOfRow(y))
    }
    self.pixels = pixels
  }

  /// Looks at a source for as long as it takes to get a picture, at most `seconds`; then what there is, which is a status
  /// card. Blocks the calling thread.
  package static func take(
    of makeSource: (Logger) -> any DisplaySource, waitingAtMost seconds: Int, logger: Logger
  ) throws(SystemFailure) -> Screenshot {
    let loop = try EventLoop()
    let source = makeSource(logger)
    let store = FrameStore(size: PixelSize(width: 1024, height: 768))
    let events = SourceEvents(
      pictureChanged: {}, cursorChanged: {}, statusChanged: {}, lightsChanged: { _ in })
    source.start(on: loop, events: events)
    source.setWatched(true)
    defer { source.stop() }
    let deadline = loop.now + Int64(seconds) * 1_000_000_000
    repeat {
      try loop.turn(waitingAtMost: .milliseconds(20))
      if source.pacing == .polled || source.status == .running { _ = source.capture(into: store) }
    } while source.status != .running && loop.now < deadline
    _ = source.capture(into: store)
    return Screenshot(store.frame)
  }
}
