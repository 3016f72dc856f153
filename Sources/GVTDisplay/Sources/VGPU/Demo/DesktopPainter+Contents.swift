// What changes on the demo's desktop: the clock and the insides of its windows.
import GVTCore

extension DesktopPainter {
  /// Draws what lies within the canvas's clip.
  static func paint(_ desktop: DemoDesktop, on canvas: inout Canvas) {
    let layout = desktop.layout
    func part(_ rect: PixelRect?, _ draw: (inout Canvas, PixelRect) -> Void) {
      guard let rect, !rect.intersection(canvas.clip).isEmpty else { return }
      canvas.clipped(to: rect) { draw(&$0, rect) }
    }
    part(layout.clock) { clock(desktop.time, in: $1, on: &$0) }
    part(layout.textBox) { text(desktop.keyboard, in: $1, on: &$0) }
    part(layout.keyLines) { keyLines(desktop.keyboard, in: $1, on: &$0) }
    if let pad = layout.pad {
      part(pad.field) { self.pad(desktop, in: $1, on: &$0) }
      part(pad.readings) { readings(desktop.pad, in: $1, on: &$0) }
    }
    part(layout.content(of: .video)) { video(desktop.step, in: $1, on: &$0) }
    part(layout.content(of: .display)) { canvas, _ in display(desktop, on: &canvas) }
    part(layout.floating(at: desktop.step).outset(by: 18)) { canvas, _ in floating(desktop, on: &canvas) }
  }

  private static func clock(_ time: WallTime, in place: PixelRect, on canvas: inout Canvas) {
    let text = "\(time)"
    let x = place.maxX - 12 - Font.mono.width(of: text)
    canvas.text(text, at: PixelPoint(x: x, y: 21), .mono, Ink.barText)
  }

  // MARK: - Keyboard

  private static func text(_ keyboard: KeyboardState, in box: PixelRect, on canvas: inout Canvas) {
    let font = Font.mono
    let advance = font.width(of: "0")
    let lineHeight = font.lineHeight + 2
    let columns = max(1, (box.width - 16) / advance)
    let rows = keyboard.text.rows(columns: columns, count: max(1, (box.height - 8) / lineHeight))
    if keyboard.strokes == 0 {
      canvas.text("Type here.", at: PixelPoint(x: box.x + 12, y: box.y + 4 + font.ascent), font, 0xa3adbd)
    }
    for (index, row) in rows.enumerated() {
      let pen = PixelPoint(x: box.x + 8, y: box.y + 4 + index * lineHeight + font.ascent)
      for (column, character) in row.text.enumerated() {
        canvas.text(String(character), at: PixelPoint(x: pen.x + column * advance, y: pen.y), font, Ink.text)
      }
      guard let caret = row.caret else { continue }
      let x = pen.x + caret * advance
      if let accent = keyboard.composer.pendingAccent {
        canvas.fill(PixelRect(x: x, y: pen.y - font.ascent, width: advance, height: lineHeight), 0xffe9a8)
        canvas.text(String(accent), at: PixelPoint(x: x, y: pen.y), font, 0x9a5b00)
      }
      canvas.fill(PixelRect(x: x, y: pen.y - font.ascent, width: 2, height: lineHeight - 1), Ink.accent)
    }
  }

  private static func keyLines(_ keyboard: KeyboardState, in place: PixelRect, on canvas: inout Canvas) {
    var x = place.x
    for modifier in KeyboardState.Modifier.allCases {
      x = pill(modifier.rawValue, isOn: keyboard.isHeld(modifier), at: PixelPoint(x: x, y: place.y), on: &canvas) + 6
    }
    let counts = "\(keyboard.held.count) down · \(keyboard.strokes) pressed"
    let right = place.maxX - Font.small.width(of: counts)
    if right > x { canvas.text(counts, at: PixelPoint(x: right, y: place.y + 15), .small, Ink.faint) }
    let baseline = place.y + 43
    guard let last = keyboard.last else {
      canvas.text("No key yet.", at: PixelPoint(x: place.x, y: baseline), .small, Ink.faint)
      return
    }
    let arrow = last.isDown ? "↓ " : "↑ "
    x = canvas.text(arrow, at: PixelPoint(x: place.x, y: baseline), .small, Ink.accent)
    x = canvas.text(Keysyms.name(last.keysym), at: PixelPoint(x: x, y: baseline), .smallBold, Ink.text)
    var codes = "keysym 0x" + String(last.keysym, radix: 16)
    if let code = last.scanCode { codes += "   scan code 0x" + String(code, radix: 16) }
    // Without room for both, the name is what counts.
    let start = place.maxX - Font.small.width(of: codes)
    guard start >= x + 12 else { return }
    canvas.text(codes, at: PixelPoint(x: start, y: baseline), .small, Ink.faint)
  }

  /// A label that is lit or not; the x after it.
  private static func pill(_ text: String, isOn: Bool, at corner: PixelPoint, on canvas: inout Canvas) -> Int {
    let width = Font.small.width(of: text) + 16
    let place = PixelRect(x: corner.x, y: corner.y, width: width, height: 22)
    canvas.fillRounded(place, radius: 11, .solid(isOn ? Ink.accent : 0xe2e6ee))
    canvas.text(text, at: PixelPoint(x: corner.x + 8, y: corner.y + 16), .small, isOn ? 0xffffff : Ink.faint)
    return place.maxX
  }

  // MARK: - Pointer

  private static func pad(_ desktop: DemoDesktop, in field: PixelRect, on canvas: inout Canvas) {
    func place(_ point: PixelPoint) -> PixelPoint {
      PixelPoint(
        x: field.x + point.x * field.width / desktop.size.width,
        y: field.y + point.y * field.height / desktop.size.height)
    }
    canvas.clipped(to: field.inset(by: 1)) { canvas in
      for share in 1..<4 {
        canvas.fill(
          PixelRect(x: field.x + field.width * share / 4, y: field.y, width: 1, height: field.height), 0xeaedf3)
        canvas.fill(
          PixelRect(x: field.x, y: field.y + field.height * share / 4, width: field.width, height: 1), 0xeaedf3)
      }
      let trail = desktop.pad.trail
      for (age, point) in trail.enumerated() {
        canvas.fillCircle(centre: place(point), radius: 3, Ink.accentLight, alpha: 20 + 120 * age / trail.count)
      }
      let here = place(desktop.pad.position)
      canvas.fill(PixelRect(x: here.x, y: field.y, width: 1, height: field.height), Ink.accent, alpha: 90)
      canvas.fill(PixelRect(x: field.x, y: here.y, width: field.width, height: 1), Ink.accent, alpha: 90)
      let isPressed = !desktop.pad.buttons.isDisjoint(with: [.left, .middle, .right, .side])
      if isPressed { canvas.fillCircle(centre: here, radius: 13, 0xf0803c, alpha: 110) }
      canvas.fillCircle(centre: here, radius: 6, isPressed ? 0xe8622a : Ink.accent)
    }
  }

  private static func readings(_ pad: PadState, in place: PixelRect, on canvas: inout Canvas) {
    var y = place.y + 13
    func line(_ label: String, _ value: String) {
      canvas.text(label, at: PixelPoint(x: place.x, y: y), .small, Ink.faint)
      let x = place.maxX - Font.smallBold.width(of: value)
      canvas.text(value, at: PixelPoint(x: x, y: y), .smallBold, Ink.text)
      y += 21
    }
    line("x", "\(pad.position.x)")
    line("y", "\(pad.position.y)")
    line("clicks", "\(pad.clicks)")
    mouse(pad.buttons, at: PixelPoint(x: place.x + 30, y: y - 6), on: &canvas)
    y += 80
    line("wheel ↑ ↓", "\(pad.wheel[0])   \(pad.wheel[1])")
    line("wheel ← →", "\(pad.wheel[2])   \(pad.wheel[3])")
  }

  /// A drawing of a mouse whose pressed buttons are lit.
  private static func mouse(_ buttons: ButtonMask, at corner: PixelPoint, on canvas: inout Canvas) {
    let body = PixelRect(x: corner.x, y: corner.y, width: 52, height: 68)
    canvas.fillRounded(body, radius: 22, .vertical(0xffffff, 0xe4e8f0))
    let head = PixelRect(x: body.x, y: body.y, width: body.width, height: 30)
    for (button, x, width) in [(ButtonMask.left, 0, 26), (.right, 26, 26)] where buttons.contains(button) {
      canvas.clipped(to: PixelRect(x: head.x + x, y: head.y, width: width, height: head.height)) { canvas in
        canvas.fillRounded(body, radius: 22, .solid(Ink.accent))
      }
    }
    canvas.fill(PixelRect(x: body.x, y: head.maxY, width: body.width, height: 1), 0xaab4c4)
    canvas.fill(PixelRect(x: body.x + 26, y: body.y, width: 1, height: head.height), 0xaab4c4)
    let wheel = PixelRect(x: body.x + 22, y: body.y + 8, width: 9, height: 18)
    let isTurning = !buttons.isDisjoint(with: [.wheelUp, .wheelDown, .wheelLeft, .wheelRight])
    let colour = buttons.contains(.middle) ? Ink.accent : (isTurning ? 0xf0803c : 0xc3cbd8)
    canvas.fillRounded(wheel, radius: 4, .solid(colour))
    canvas.strokeRounded(body, radius: 22, 0x9aa5b8)
    if buttons.contains(.side) {
      canvas.fillRounded(PixelRect(x: body.x - 3, y: body.y + 36, width: 5, height: 14), radius: 2, .solid(Ink.accent))
    }
  }

  // MARK: - Pictures

  private static func video(_ step: Int, in place: PixelRect, on canvas: inout Canvas) {
    VideoPattern.draw(step, in: place, on: &canvas)
    let label = "frame \(step)"
    let box = PixelRect(
      x: place.x + 8, y: place.maxY - 30, width: Font.smallBold.width(of: label) + 16, height: 22)
    canvas.fillRounded(box, radius: 6, .solid(0x0b1020), alpha: 150)
    canvas.text(label, at: PixelPoint(x: box.x + 8, y: box.y + 16), .smallBold, 0xffffff)
  }

  private static func floating(_ desktop: DemoDesktop, on canvas: inout Canvas) {
    let place = desktop.layout.floating(at: desktop.step)
    frame(place, title: "Moving", on: &canvas)
    let text = "I move by myself."
    canvas.text(text, at: PixelPoint(x: place.x + 14, y: place.y + 50), .small, Ink.text)
    canvas.text(
      "x \(place.x)  y \(place.y)", at: PixelPoint(x: place.x + 14, y: place.y + 70), .small, Ink.faint)
  }

  // MARK: - Display

  private static func display(_ desktop: DemoDesktop, on canvas: inout Canvas) {
    let hovered = desktop.button(at: desktop.pad.position)
    for button in desktop.layout.buttons {
      let place = desktop.layout.frame(of: button)
      let isHovered = hovered == button
      switch button {
      case .mode(let mode):
        modeButton(
          mode, in: place, isCurrent: mode == desktop.size, isPossible: desktop.possibleModes.contains(mode),
          isHovered: isHovered, on: &canvas)
      case .staticSwitch: staticSwitch(isOn: desktop.isStatic, in: place, isHovered: isHovered, on: &canvas)
      }
    }
    if let note = desktop.layout.displayNote { self.note(isStatic: desktop.isStatic, in: note, on: &canvas) }
  }

  private static func note(isStatic: Bool, in place: PixelRect, on canvas: inout Canvas) {
    let hint =
      isStatic
      ? "Nothing moves now; the guest sleeps until you touch something."
      : "F2 or the switch stops everything that moves."
    let facts = [
      "Plane 1 of pipe A, XRGB8888, two buffers in scattered pages, flipped at vblank.", "Cursor plane, 64 × 64.",
    ]
    var y = place.y + Font.small.ascent
    for paragraph in [hint] + facts {
      let lines = Font.small.wrap(paragraph, width: place.width)
      guard y + (lines.count - 1) * Font.small.lineHeight + Font.small.descent <= place.maxY else { return }
      for line in lines {
        canvas.text(line, at: PixelPoint(x: place.x, y: y), .small, Ink.faint)
        y += Font.small.lineHeight
      }
      y += 8
    }
  }

  private static func modeButton(
    _ mode: PixelSize, in place: PixelRect, isCurrent: Bool, isPossible: Bool, isHovered: Bool, on canvas: inout Canvas
  ) {
    let isLit = isHovered && isPossible && !isCurrent
    let paint: Paint =
      isCurrent ? .solid(Ink.accent) : .vertical(isLit ? 0xffffff : 0xfbfcfe, isLit ? 0xe6eefe : 0xe9edf4)
    canvas.fillRounded(place, radius: 6, paint)
    canvas.strokeRounded(place, radius: 6, isCurrent || isLit ? Ink.accent : 0xc3cbd8)
    let text = "\(mode.width) × \(mode.height)"
    let colour = isCurrent ? 0xffffff : (isPossible ? Ink.text : 0xa9b2c0)
    let x = place.x + (place.width - Font.small.width(of: text)) / 2
    canvas.text(text, at: PixelPoint(x: x, y: place.y + 19), .small, colour)
  }

  private static func staticSwitch(isOn: Bool, in place: PixelRect, isHovered: Bool, on canvas: inout Canvas) {
    canvas.text("Static screen", at: PixelPoint(x: place.x, y: place.y + 19), .small, Ink.text)
    let track = PixelRect(x: place.maxX - 42, y: place.y + 3, width: 42, height: 22)
    canvas.fillRounded(track, radius: 11, .solid(isOn ? Ink.accent : (isHovered ? 0xa9b3c3 : 0xbfc8d6)))
    canvas.fillCircle(
      centre: PixelPoint(x: isOn ? track.maxX - 11 : track.x + 11, y: track.y + 11), radius: 9, 0xffffff)
  }
}
