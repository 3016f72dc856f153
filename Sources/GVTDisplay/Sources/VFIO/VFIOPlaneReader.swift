// From an opened device's planes to the display's frame: the picture, or a card that says why there is none.
import GVTCore
import Logging

/// Reads what one vGPU shows. Lives only while somebody looks; releasing it closes the device, its buffers and mappings.
final class VFIOPlaneReader {
  /// How long the last picture stays when the device shows none: guests change mode, and every refusal may be over in a
  /// moment.
  private static let patience: Int64 = .milliseconds(1000)
  /// How often a cursor's pixels are read again though its buffer is the same.
  private static let cursorInterval: Int64 = .milliseconds(500)

  /// A guest that flips faster than we copy gets no more of our time than this.
  private static let mostCopies = 3

  let planes: DevicePlanes
  private let loop: EventLoop
  private var hold = PictureHold(for: patience)
  private var readCursor: (key: DevicePicture.Key, at: Instant)?
  private(set) var status = SourceStatus.running
  /// The first picture is on its way.
  private(set) var isComing = false
  /// The cursor as it is told: without a hot spot where the guest does not say, and at its corner then.
  private(set) var cursor = CursorState(image: nil, position: nil)

  init(_ planes: DevicePlanes, on loop: EventLoop) {
    self.planes = planes
    self.loop = loop
  }

  /// Begins to read, so that a picture that takes a moment is there when it is asked for.
  func begin() {
    if case .coming = planes.look(at: .primary) { isComing = true }
  }

  /// What was on its way has arrived.
  func arrived() { isComing = false }

  /// A guest that flips draws into a buffer again as soon as it shows another: a copy is sure to be of one frame only if
  /// its buffer is still the one shown when the copy is done. If not, the one shown now is copied.
  func capture(into store: FrameStore) -> Damage {
    var damage = copy(into: store)
    var copies = 1
    while copies < Self.mostCopies, hold.hasPicture, planes.hasFlipped() {
      damage = damage.joined(with: copy(into: store))
      copies += 1
    }
    return damage
  }

  private func copy(into store: FrameStore) -> Damage {
    switch planes.look(at: .primary) {
    case .picture(_, let buffer, let layout):
      do {
        let damage = try store.present(
          [PictureLayer(buffer: buffer, layout: layout)], size: layout.size, hint: .unknown)
        hold.show()
        status = .running
        isComing = false
        return damage
      } catch {
        planes.note(error.sentence, .primary)
        return miss(card(for: error), in: store)
      }
    case .coming:
      if hold.hasPicture { return .nothing(in: store.frame.size) }
      return miss(StatusCard(title: "A moment", detail: "The first picture is on its way."), in: store)
    case .unreadable(_, let failure): return miss(card(for: failure), in: store)
    case .none: return miss(noneCard, in: store)
    }
  }

  /// Asks for the cursor; true if it is another one or somewhere else.
  func refreshCursor() -> Bool {
    let before = cursor
    switch planes.look(at: .cursor) {
    case .none, .unreadable: cursor = CursorState(image: nil, position: nil)
    case .coming(let picture): place(picture)
    case .picture(let picture, let buffer, let layout):
      if isDue(picture) {
        if let image = image(of: picture, buffer, layout) {
          cursor.image = image
          readCursor = (picture.key, loop.now)
        } else {
          cursor.image = nil
        }
      }
      place(picture)
    }
    if cursor.image == nil { readCursor = nil }
    return cursor != before
  }

  private func isDue(_ picture: DevicePicture) -> Bool {
    guard let readCursor, readCursor.key == picture.key else { return true }
    return loop.now - readCursor.at >= Self.cursorInterval
  }

  private func place(_ picture: DevicePicture) {
    guard cursor.image != nil else { return }
    let hotSpot = picture.hotSpot ?? .zero
    cursor.image?.hotSpot = hotSpot
    cursor.position = PixelPoint(x: picture.position.x + hotSpot.x, y: picture.position.y + hotSpot.y)
  }

  private func image(
    of picture: DevicePicture, _ buffer: PlaneBuffer, _ layout: SurfaceLayout
  ) -> CursorImage? {
    guard picture.size.width <= 256, picture.size.height <= 256, layout.format == .argb8888 else {
      planes.note("a cursor of \(picture.size) pixels in format \(layout.format.name)", .cursor)
      return nil
    }
    do {
      return CursorImage(size: layout.size, hotSpot: picture.hotSpot ?? .zero, pixels: try buffer.pixels(layout))
    } catch {
      planes.note(error.sentence, .cursor)
      return nil
    }
  }

  /// Keeps a picture for a moment, then shows the card instead.
  private func miss(_ card: StatusCard, in store: FrameStore) -> Damage {
    if hold.keeps(at: loop.now) { return .nothing(in: store.frame.size) }
    status = .waiting(card.detail)
    return store.present(card)
  }

  private func card(for failure: BufferFailure) -> StatusCard {
    StatusCard(title: "The picture cannot be read", detail: failure.sentence)
  }

  private var noneCard: StatusCard {
    guard planes.flavour != nil else {
      return StatusCard(
        title: "No picture",
        detail: "The device does not show its planes to the host, as a GPU that is passed through whole does not.")
    }
    return StatusCard(title: "The display is off", detail: "The guest shows nothing on its vGPU's display.")
  }
}
