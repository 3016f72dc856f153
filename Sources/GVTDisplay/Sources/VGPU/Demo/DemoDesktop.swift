// The desktop that the demo guest shows: its state, and which parts of the screen a change touches.
package import GVTCore

/// A small desktop for trying a viewer. Input and time go in, rectangles that need drawing come out.
package struct DemoDesktop: Sendable {
  /// Steps of the animation in a second.
  package static let stepsPerSecond = 30

  package let size: PixelSize
  /// The buttons' modes that the vGPU can hold.
  let possibleModes: Set<PixelSize>
  /// Shown in the top bar.
  let title: String
  let layout: DesktopLayout
  /// What never changes in this mode: wallpaper, window frames, labels, the landscape.
  let backdrop: Canvas
  private(set) var keyboard = KeyboardState()
  private(set) var pad = PadState()
  private(set) var step = 0
  private(set) var time = WallTime(hour: 0, minute: 0, second: 0)
  /// Nothing moves, and the guest sleeps until somebody touches something.
  package private(set) var isStatic = false
  /// A mode that somebody asked for with a button, until ``takeModeRequest()``.
  private var modeRequest: PixelSize?
  private var dirty: [PixelRect]

  /// The buttons' modes.
  package static let modes = [
    PixelSize(width: 1024, height: 768), PixelSize(width: 1280, height: 800), PixelSize(width: 1920, height: 1080),
  ]

  package init(size: PixelSize, possibleModes: Set<PixelSize>, title: String) {
    self.size = size
    self.possibleModes = possibleModes
    self.title = title
    layout = DesktopLayout(size)
    backdrop = DesktopPainter.backdrop(layout, title: title)
    dirty = [size.bounds]
  }

  /// The same desktop in another mode: what was typed and switched stays.
  package func resized(to size: PixelSize) -> DemoDesktop {
    var desktop = DemoDesktop(size: size, possibleModes: possibleModes, title: title)
    desktop.keyboard = keyboard
    desktop.pad = pad
    desktop.pad.move(to: pad.position, in: size)
    desktop.step = step
    desktop.time = time
    desktop.isStatic = isStatic
    return desktop
  }

  // MARK: - Time

  /// Takes the animation to `step` and the clock to `time`; nothing while the desktop is static.
  package mutating func advance(to step: Int, _ time: WallTime) {
    guard !isStatic else { return }
    if time != self.time {
      self.time = time
      touch(layout.clock)
    }
    guard step != self.step else { return }
    touch(layout.content(of: .video))
    touch(floatingArea)
    self.step = step
    touch(floatingArea)
  }

  /// The moving window with its shadow.
  private var floatingArea: PixelRect { layout.floating(at: step).outset(by: 18) }

  // MARK: - Input

  package mutating func handle(_ key: KeyPress) {
    if key.isDown && key.keysym == 0xffbf { toggleStatic() }
    keyboard.handle(key)
    touch(layout.content(of: .keyboard))
  }

  package mutating func handle(_ pointer: PointerState) {
    let hovered = button(at: pad.position)
    let wasPressed = pad.buttons.contains(.left)
    pad.update(pointer, in: size)
    touch(layout.content(of: .pointer))
    let now = button(at: pad.position)
    if hovered != now || wasPressed != pad.buttons.contains(.left) {
      for button in [hovered, now] { touch(button.map { layout.frame(of: $0) }) }
    }
    if pad.buttons.contains(.left) && !wasPressed, let now { press(now) }
  }

  private mutating func press(_ button: DesktopButton) {
    switch button {
    case .mode(let size): if size != self.size && possibleModes.contains(size) { modeRequest = size }
    case .staticSwitch: toggleStatic()
    }
  }

  private mutating func toggleStatic() {
    isStatic.toggle()
    touch(layout.content(of: .display))
  }

  func button(at point: PixelPoint) -> DesktopButton? {
    layout.buttons.first { layout.frame(of: $0).contains(point) }
  }

  /// The mode that was asked for since the last call, if any.
  package mutating func takeModeRequest() -> PixelSize? {
    defer { modeRequest = nil }
    return modeRequest
  }

  // MARK: - The pointer

  package var pointerPosition: PixelPoint { pad.position }
  package var buttons: ButtonMask { pad.buttons }

  var cursorShape: CursorShape {
    if layout.textBox?.contains(pad.position) == true { return .text }
    if case .some(let button) = button(at: pad.position) {
      if case .mode(let mode) = button, !possibleModes.contains(mode) { return .arrow }
      return .hand
    }
    return .arrow
  }

  // MARK: - Drawing

  private mutating func touch(_ rect: PixelRect?) {
    guard let visible = rect?.intersection(size.bounds), !visible.isEmpty else { return }
    // Rectangles that overlap are drawn once: a union costs less than a second pass over the larger one.
    if let index = dirty.firstIndex(where: { !$0.intersection(visible).isEmpty }) {
      let merged = dirty.remove(at: index).union(visible)
      touch(merged)
    } else {
      dirty.append(visible)
    }
  }

  /// Whether ``takeDirty()`` has anything to give.
  package var isDirty: Bool { !dirty.isEmpty }

  /// The parts that need drawing since the last call. They do not overlap.
  package mutating func takeDirty() -> [PixelRect] {
    defer { dirty = [] }
    return dirty
  }

  /// Draws `rects` of the desktop as it is now.
  package func draw(_ rects: [PixelRect], on canvas: inout Canvas) {
    for rect in rects {
      canvas.clipped(to: rect) { canvas in
        canvas.copy(backdrop, at: .zero)
        DesktopPainter.paint(self, on: &canvas)
      }
    }
  }
}

/// A place to click on.
enum DesktopButton: Hashable, Sendable {
  case mode(PixelSize)
  case staticSwitch
}

extension PixelRect {
  func contains(_ point: PixelPoint) -> Bool { point.x >= x && point.x < maxX && point.y >= y && point.y < maxY }

  func outset(by margin: Int) -> PixelRect { isEmpty ? .empty : inset(by: -margin) }
}
