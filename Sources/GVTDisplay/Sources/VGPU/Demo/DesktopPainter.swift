// What stands still on the demo's desktop: wallpaper, the top bar, window frames, the landscape.
import GVTCore

enum DesktopPainter {
  /// The demo's colours.
  enum Ink {
    static let text: UInt32 = 0x1d2430
    static let faint: UInt32 = 0x6b7688
    static let line: UInt32 = 0xd5dae3
    static let field: UInt32 = 0xffffff
    static let window: UInt32 = 0xf3f5f9
    static let titleTop: UInt32 = 0xfbfcfe
    static let titleBottom: UInt32 = 0xe9edf4
    static let accent: UInt32 = 0x2f6fed
    static let accentLight: UInt32 = 0x5a8ff5
    static let bar: UInt32 = 0x0d1526
    static let barText: UInt32 = 0xe8edf6
    static let barFaint: UInt32 = 0x93a2bd
  }

  static func backdrop(_ layout: DesktopLayout, title: String) -> Canvas {
    var canvas = Canvas(size: layout.size)
    wallpaper(on: &canvas)
    bar(layout, title: title, on: &canvas)
    for window in DesktopLayout.Window.allCases {
      guard let place = layout.windows[window] else { continue }
      frame(place, title: window.rawValue, on: &canvas)
    }
    if let place = layout.content(of: .photo) {
      canvas.copy(Landscape.picture(size: place.size), at: PixelPoint(x: place.x, y: place.y))
    }
    if let box = layout.textBox { field(box, on: &canvas) }
    if let (pad, _) = layout.pad { field(pad, on: &canvas) }
    return canvas
  }

  /// Night blue to teal, with two great soft discs.
  private static func wallpaper(on canvas: inout Canvas) {
    let size = canvas.size
    canvas.fill(size.bounds, from: 0x1a2c55, to: 0x2b7a86)
    let unit = max(size.width, size.height)
    disc(PixelPoint(x: size.width * 5 / 6, y: size.height / 8), unit * 2 / 5, 0x7a5fc0, on: &canvas)
    disc(PixelPoint(x: size.width / 8, y: size.height), unit / 2, 0x2fb3a2, on: &canvas)
  }

  private static func disc(_ centre: PixelPoint, _ radius: Int, _ colour: UInt32, on canvas: inout Canvas) {
    let square = Float(max(1, radius * radius))
    let box = PixelRect(x: centre.x - radius, y: centre.y - radius, width: 2 * radius, height: 2 * radius)
    canvas.shadeRows(of: box) { y, x, row in
      let dy = y - centre.y
      for index in 0..<row.count {
        let dx = x + index - centre.x
        let near = 1 - Float(dx * dx + dy * dy) / square
        guard near > 0 else { continue }
        let strength = near * near * 150 + Float(threshold(x + index, y)) / 16
        row[index] = blend(colour, over: row[index], alpha: Int(strength))
      }
    }
  }

  private static func bar(_ layout: DesktopLayout, title: String, on canvas: inout Canvas) {
    let bar = PixelRect(x: 0, y: 0, width: layout.size.width, height: DesktopLayout.barHeight)
    canvas.fill(bar, Ink.bar, alpha: 200)
    canvas.fill(PixelRect(x: 0, y: bar.maxY - 1, width: bar.width, height: 1), 0xffffff, alpha: 24)
    let baseline = 21
    let badge = PixelRect(x: 10, y: 8, width: 16, height: 16)
    canvas.fillRounded(badge, radius: 5, .vertical(0x6aa5ff, 0x3d6ff0))
    canvas.fillRounded(badge.inset(by: 5), radius: 2, .solid(0xffffff))
    let room = layout.clock.x - 36
    let mode = "\(layout.size)"
    let modeX = (layout.size.width - Font.small.width(of: mode)) / 2
    guard room > Font.smallBold.width(of: "gvt-vnc") else { return }
    let end = canvas.text("gvt-vnc", at: PixelPoint(x: 34, y: baseline), .smallBold, Ink.barText)
    if end + 12 + Font.small.width(of: title) < modeX - 12 {
      canvas.text(title, at: PixelPoint(x: end + 12, y: baseline), .small, Ink.barFaint)
    }
    if modeX > end + 12 && modeX + Font.small.width(of: mode) < layout.clock.x {
      canvas.text(mode, at: PixelPoint(x: modeX, y: baseline), .small, Ink.barText)
    }
  }

  /// A window's shadow, body, title and edge.
  static func frame(_ place: PixelRect, title: String, on canvas: inout Canvas) {
    canvas.shadow(of: place, radius: 9, blur: 16, drop: 4, alpha: 120)
    canvas.fillRounded(place, radius: 9, .solid(Ink.window))
    let head = PixelRect(x: place.x, y: place.y, width: place.width, height: DesktopLayout.titleHeight)
    canvas.clipped(to: head) { canvas in
      let rounded = PixelRect(x: place.x, y: place.y, width: place.width, height: head.height + 20)
      canvas.fillRounded(rounded, radius: 9, .vertical(Ink.titleTop, 0xdfe4ee))
    }
    canvas.fill(PixelRect(x: place.x, y: head.maxY - 1, width: place.width, height: 1), Ink.line)
    canvas.strokeRounded(place, radius: 9, 0x0b1830, alpha: 60)
    for (index, colour) in [0xff6b60, 0xf6bd3f, 0x5ac254].enumerated() as EnumeratedSequence<[UInt32]> {
      canvas.fillCircle(centre: PixelPoint(x: place.x + 17 + 18 * index, y: place.y + 15), radius: 5, colour)
    }
    let x = place.x + (place.width - Font.smallBold.width(of: title)) / 2
    canvas.text(title, at: PixelPoint(x: max(x, place.x + 72), y: place.y + 20), .smallBold, 0x3a4456)
  }

  private static func field(_ place: PixelRect, on canvas: inout Canvas) {
    canvas.fillRounded(place, radius: 5, .solid(Ink.field))
    canvas.strokeRounded(place, radius: 5, 0xbcc5d4)
  }
}
