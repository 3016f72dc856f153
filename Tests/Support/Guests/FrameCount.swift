// What a viewer got of a guest that flips pages: whole frames in order, or not.

package struct FrameCount: Sendable {
  /// Pictures that were looked at.
  package private(set) var pictures = 0
  /// Of those, pictures that showed parts of several frames, or something else.
  package private(set) var torn = 0
  /// Pictures of a frame older than one that was seen before.
  package private(set) var stale = 0
  /// Frames that were seen, each counted once.
  package private(set) var frames = 0
  package private(set) var seconds = 0.0
  private var newest: Int?

  /// Looks at `count` updates of a viewer's whole picture, drawn by the order `frames` of ``DrawnGuest``.
  package init(of count: Int, by viewer: RFBTestClient) throws {
    _ = try viewer.wholePicture()
    let start = secondsNow()
    for _ in 0..<count {
      try viewer.request(incremental: true)
      _ = try viewer.nextUpdate()
      add(viewer.picture)
    }
    seconds = secondsNow() - start
  }

  /// Waits until the guest's first frames are seen.
  package static func waitForFrames(_ viewer: RFBTestClient, within seconds: Double = 30) throws {
    do { try viewer.follow(within: seconds) { DrawnGuest.frameNumber(of: $0.picture) != nil } } catch {
      let rows = stride(from: 0, to: viewer.picture.height, by: 32).map { viewer.picture.at(0, $0) >> 12 }
      throw TestFailure("\(error); frames at the left edge, from top to bottom: \(rows); \(viewer.updates) updates")
    }
  }

  private mutating func add(_ picture: Picture) {
    pictures += 1
    guard let number = DrawnGuest.frameNumber(of: picture) else {
      torn += 1
      return
    }
    // Twelve bits, which wrap.
    let step = newest.map { (number - $0) & 0xfff } ?? 1
    if step > 0x800 {
      stale += 1
    } else if step > 0 {
      frames += 1
      newest = number
    }
  }
}
