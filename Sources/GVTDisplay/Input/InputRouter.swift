// Brings the hands of all of a display's viewers together on the guest's one keyboard and one pointer.
package import GVTCore

/// Everything that viewers type and point at goes through here, on the display's thread.
///
/// It knows who holds which key and button, so that a viewer that goes leaves nothing pressed, and two that hold the same
/// key let it go once. View-only viewers never get here.
package final class InputRouter {
  private struct Viewer {
    var keys = KeyTranslator()
    var buttons: ButtonMask = []
  }

  private var sink: (any InputSink)?
  private var viewers: [ViewerID: Viewer] = [:]
  private var lights: KeyboardLights?
  private var pointer: PointerState?
  private var frame = PixelSize(width: 1, height: 1)

  package init(sink: (any InputSink)?) { self.sink = sink }

  /// A key of one viewer.
  package func key(_ key: KeyPress, from id: ViewerID) {
    guard let sink else { return }
    var viewer = viewers[id] ?? Viewer()
    defer { viewers[id] = viewer }
    if key.isDown {
      guard let stroke = viewer.keys.press(key, on: guest) else { return }
      for press in stroke.before + [stroke.key] + stroke.after { sink.send(press) }
    } else if let release = viewer.keys.release(key) {
      viewers[id] = viewer
      if !isHeld(release) { sink.send(release) }
    }
  }

  /// Where one viewer's pointer is in a picture of `size`, and what it presses.
  package func pointer(_ state: PointerState, from id: ViewerID, within size: PixelSize) {
    guard let sink, !size.isEmpty else { return }
    viewers[id, default: Viewer()].buttons = state.buttons
    let position = PixelPoint(
      x: min(max(state.position.x, 0), size.width - 1), y: min(max(state.position.y, 0), size.height - 1))
    let merged = PointerState(position: position, buttons: buttons)
    guard merged != pointer || size != frame else { return }
    pointer = merged
    frame = size
    sink.send(merged, within: size)
  }

  /// Lets go of all that a viewer holds and nobody else does.
  package func viewerLeft(_ id: ViewerID) {
    guard var viewer = viewers.removeValue(forKey: id), let sink else { return }
    for release in viewer.keys.releaseAll() where !isHeld(release) { sink.send(release) }
    guard let last = pointer, last.buttons != buttons else { return }
    let merged = PointerState(position: last.position, buttons: buttons)
    pointer = merged
    sink.send(merged, within: frame)
  }

  /// The VM came or went. A new one's keyboard has nothing pressed, and nobody can let go of the old one's keys.
  package func sinkChanged(to sink: (any InputSink)?) {
    // Still the same VM: what is held there stays held until its viewer lets go.
    guard sink !== self.sink else { return }
    self.sink = sink
    viewers = [:]
    pointer = nil
    lights = nil
  }

  /// The guest's lights say what CapsLock and NumLock do to a key.
  package func lightsChanged(_ lights: KeyboardLights) { self.lights = lights }

  private var guest: GuestKeyboard {
    GuestKeyboard(heldCodes: Set(viewers.values.flatMap { Array($0.keys.heldCodes) }), lights: lights)
  }

  private var buttons: ButtonMask { viewers.values.reduce(into: []) { $0.formUnion($1.buttons) } }

  private func isHeld(_ key: KeyPress) -> Bool { viewers.values.contains { $0.keys.holds(key) } }
}
