// The guest's pointer as viewers get it: from its cursor plane, with the hot spot learnt where the guest does not say.
import GVTCore

/// Follows a cursor plane and the hand that moves it.
final class VFIOPointer {
  private var hotSpots = HotSpotFinder()
  private var told = CursorState.unknown
  private var loop: EventLoop?
  private var changed: () -> Void = {}
  private var timer: EventLoop.TimerID?
  /// Whether the guest's pointer goes where it is put.
  var isAbsolute: () -> Bool = { false }
  private(set) var state = CursorState.unknown

  /// `changed` is called whenever ``state`` has, never from within a call of ours.
  func start(on loop: EventLoop, changed: @escaping () -> Void) {
    self.loop = loop
    self.changed = changed
  }

  func stop() {
    loop?.cancel(timer)
    timer = nil
    loop = nil
    changed = {}
  }

  /// What the guest's cursor plane shows; its position is the corner where it has no hot spot.
  func guestSays(_ cursor: CursorState) {
    told = cursor
    update()
    awaitRest()
  }

  func vmIsGone() {
    loop?.cancel(timer)
    timer = nil
    told = .unknown
    update()
  }

  /// The guest was told to put its pointer there.
  func pointed(at position: PixelPoint) {
    hotSpots.pointed(at: position)
    awaitRest()
  }

  private func update() {
    var new = told
    if let image = new.image, let corner = new.position, image.hotSpot == .zero,
      let hotSpot = hotSpots.hotSpot(of: image)
    {
      new.image?.hotSpot = hotSpot
      new.position = PixelPoint(x: corner.x + hotSpot.x, y: corner.y + hotSpot.y)
    }
    // With an absolute pointer the viewer knows best where it is.
    if isAbsolute() { new.position = nil }
    guard new != state else { return }
    state = new
    loop?.schedule(after: 0) { [weak self] in self?.changed() }
  }

  /// A pointer that rests is where it was put, and then the rest of the way to the image's corner is the hot spot.
  private func awaitRest() {
    guard isAbsolute(), let loop else { return }
    loop.cancel(timer)
    timer = loop.schedule(after: HotSpotFinder.rest) { [weak self] in self?.learn() }
  }

  private func learn() {
    timer = nil
    guard let image = told.image, image.hotSpot == .zero, let corner = told.position else { return }
    if hotSpots.rested(image, at: corner) { update() }
  }
}
