// The one question a display source answers: what is on the screen now, and where are the bytes.
package import GVTCore

/// A VM's screen, whatever kind of VM it is. Lives on its display's thread; every call comes from there.
package protocol DisplaySource: AnyObject {
  /// Begins to watch the VM. Never fails for good: a VM that is not there yet is a status.
  func start(on loop: EventLoop, events: SourceEvents)

  /// Brings `store` up to what is on the screen now, as a picture or as a status card, and says what changed.
  /// Called only while somebody wants to see it, and never while the frame is being encoded.
  func capture(into store: FrameStore) -> Damage

  /// A picture is on its way and will be announced within a fraction of a second: who comes now is better told the size of
  /// that one than of what was shown before.
  var isPictureDue: Bool { get }

  /// Somebody looks, or nobody does any more. A source that is not watched does no work for its picture.
  func setWatched(_ isWatched: Bool)

  /// Where the VM stands, for reports.
  var status: SourceStatus { get }
  /// Whether the source tells of every change by itself.
  var pacing: SourcePacing { get }
  /// The guest's pointer as a picture of its own, where the guest has one.
  var cursor: CursorState { get }
  /// Where keys and pointer go; nil if there is no way in.
  var input: (any InputSink)? { get }
  /// Asks the guest for another size of its screen.
  func requestSize(_ size: PixelSize) -> ResizeAnswer
  /// What else there is to say of the source, for reports.
  var details: [SourceDetail] { get }
  /// What each plane says of itself, for reports.
  var planes: [PlaneReport] { get }

  /// False lets go at once of what of the VM's the source holds, and stays away until the VM is started again or this is called
  /// with true. False is answered where there is nothing to let go of.
  func setAttached(_ isAttached: Bool) -> Bool

  /// Lets go of the VM.
  func stop()
}

/// What a source tells its display, on the display's thread.
package struct SourceEvents {
  /// The picture may have changed: capture soon.
  package var pictureChanged: () -> Void
  /// ``DisplaySource/cursor`` has changed.
  package var cursorChanged: () -> Void
  /// ``DisplaySource/status`` or ``DisplaySource/input`` has changed.
  package var statusChanged: () -> Void
  /// The guest set its keyboard lights.
  package var lightsChanged: (KeyboardLights) -> Void

  package init(
    pictureChanged: @escaping () -> Void, cursorChanged: @escaping () -> Void,
    statusChanged: @escaping () -> Void, lightsChanged: @escaping (KeyboardLights) -> Void
  ) {
    self.pictureChanged = pictureChanged
    self.cursorChanged = cursorChanged
    self.statusChanged = statusChanged
    self.lightsChanged = lightsChanged
  }
}

/// Where a VM stands.
package enum SourceStatus: Equatable, Sendable {
  /// There is a picture.
  case running
  /// There will be one: the VM is off, starting, or its plane is off. One sentence says which.
  case waiting(String)
  /// There will be none until somebody changes something. One sentence says what.
  case failed(String)
}

/// One fact about a source, such as a count of what a guest did wrong.
package struct SourceDetail: Codable, Equatable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Who notices a change.
package enum SourcePacing: Equatable, Sendable {
  /// The source: it calls `pictureChanged` for each change.
  case announced
  /// The display: it has to look again and again; `pictureChanged` only makes it look sooner.
  case polled
}

/// What became of a request for another size (rfbproto, SetDesktopSize).
package enum ResizeAnswer: Equatable, Sendable {
  /// The guest was asked; the picture changes when the guest does.
  case forwarded
  /// This VM's screen cannot be changed from outside.
  case unsupported
  /// The size itself is impossible.
  case invalid
}

/// The guest's pointer.
package struct CursorState: Equatable, Sendable {
  /// Nil while the guest shows none.
  package var image: CursorImage?
  /// Where its hot spot is, if the source knows.
  package var position: PixelPoint?
  /// False when the source draws the pointer into the picture itself, or knows nothing of one: viewers keep theirs.
  package var isKnown: Bool

  package init(image: CursorImage?, position: PixelPoint?, isKnown: Bool = true) {
    self.image = image
    self.position = position
    self.isKnown = isKnown
  }

  package static let unknown = CursorState(image: nil, position: nil, isKnown: false)
}

/// A pointer's picture: at most 256x256 pixels.
package struct CursorImage: Hashable, Sendable {
  package var size: PixelSize
  /// The pixel that points.
  package var hotSpot: PixelPoint
  /// Row by row, 0xAARRGGBB, colours multiplied by alpha.
  package var pixels: [UInt32]

  package init(size: PixelSize, hotSpot: PixelPoint, pixels: [UInt32]) {
    precondition(pixels.count == size.area, "a cursor has \(size.area) pixels, not \(pixels.count)")
    self.size = size
    self.hotSpot = hotSpot
    self.pixels = pixels
  }
}
