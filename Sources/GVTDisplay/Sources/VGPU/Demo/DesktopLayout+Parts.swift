// The places inside the demo's windows.
import GVTCore

extension DesktopLayout {
  /// The clock in the top bar.
  var clock: PixelRect { PixelRect(x: size.width - 108, y: 0, width: 108, height: Self.barHeight) }

  // The keyboard window: a text box above two lines about the last key.

  var textBox: PixelRect? {
    content(of: .keyboard).map {
      PixelRect(x: $0.x, y: $0.y, width: $0.width, height: max(30, $0.height - Self.keyLinesHeight - 8))
    }
  }

  static let keyLinesHeight = 50

  var keyLines: PixelRect? {
    content(of: .keyboard).map {
      PixelRect(x: $0.x, y: $0.maxY - Self.keyLinesHeight, width: $0.width, height: Self.keyLinesHeight)
    }
  }

  // The pointer window: the pad with the screen's proportions, and a column of readings beside it or below it.

  /// The pad and the place for its readings.
  var pad: (field: PixelRect, readings: PixelRect)? {
    content(of: .pointer).map { content in
      let readings = PixelRect(x: content.maxX - 118, y: content.y, width: 118, height: content.height)
      let room = PixelSize(width: content.width - 130, height: content.height)
      var field = PixelSize(width: room.width, height: room.width * size.height / max(1, size.width))
      if field.height > room.height {
        field = PixelSize(width: room.height * size.width / max(1, size.height), height: room.height)
      }
      return (
        PixelRect(
          x: content.x + (room.width - field.width) / 2, y: content.y + (room.height - field.height) / 2,
          width: field.width, height: field.height), readings
      )
    }
  }

  // The display window: a button for each mode and a switch.

  var buttons: [DesktopButton] {
    windows[.display] == nil ? [] : DemoDesktop.modes.map(DesktopButton.mode) + [.staticSwitch]
  }

  static let buttonHeight = 28

  func frame(of button: DesktopButton) -> PixelRect {
    guard let content = content(of: .display) else { return .empty }
    let row: Int
    switch button {
    case .mode(let size): row = DemoDesktop.modes.firstIndex(of: size) ?? 0
    case .staticSwitch: row = DemoDesktop.modes.count
    }
    let space = buttonSpace(content)
    let gap = button == .staticSwitch ? space : 0
    return PixelRect(
      x: content.x, y: content.y + row * (Self.buttonHeight + space) + gap, width: content.width,
      height: Self.buttonHeight)
  }

  private func buttonSpace(_ content: PixelRect) -> Int { content.height >= 176 ? 8 : 4 }

  /// Below the switch.
  var displayNote: PixelRect? {
    content(of: .display).map { content in
      let top = frame(of: .staticSwitch).maxY + 8
      return PixelRect(x: content.x, y: top, width: content.width, height: content.maxY - top)
    }
  }
}
