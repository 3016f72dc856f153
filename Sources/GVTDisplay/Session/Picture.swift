// The picture in the two forms that viewers get it: as it is, and with the guest's pointer drawn into it.
import GVTCore

/// The display's frames, and an encoder for each. Display thread only.
final class Picture {
  enum Form: CaseIterable { case plain, withCursor }

  let store: FrameStore
  private let overlay: CursorOverlay
  private let encoders: [Form: UpdateEncoder]
  /// The overlay costs a copy of all damage: it is kept up only while somebody needs it.
  private(set) var isOverlayCurrent = false

  init(size: PixelSize, workers: Int) {
    store = FrameStore(size: size)
    overlay = CursorOverlay(copying: store.frame)
    encoders = [.plain: UpdateEncoder(workers: workers), .withCursor: UpdateEncoder(workers: workers)]
  }

  var size: PixelSize { store.frame.size }

  func frame(_ form: Form) -> Frame {
    form == .plain ? store.frame : overlay.frame
  }

  func encoder(_ form: Form) -> UpdateEncoder {
    guard let encoder = encoders[form] else { preconditionFailure("every form has an encoder") }
    return encoder
  }

  /// Captures from `source`; the damage of both forms. `needsOverlay`: a viewer wants the form with the pointer in it.
  func capture(_ source: any DisplaySource, needsOverlay: Bool) -> [Form: Damage] {
    let plain = source.capture(into: store)
    var damages = [Form.plain: plain]
    if needsOverlay {
      let damage = isOverlayCurrent ? plain : .everything(of: size, isResize: plain.isResize)
      let cursor = source.cursor
      damages[.withCursor] = overlay.update(
        from: store.frame, damage: damage, cursor: cursor.position == nil ? nil : cursor.image,
        position: cursor.position ?? .zero)
    }
    isOverlayCurrent = needsOverlay
    for (form, damage) in damages {
      if damage.isResize { encoder(form).forgetAll() }
      encoder(form).noteDamage(damage.tiles)
    }
    return damages
  }
}
