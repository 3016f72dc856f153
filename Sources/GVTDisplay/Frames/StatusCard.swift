// What viewers see while a VM has no picture: one sentence on a calm dark card.
package import GVTCore

/// A title and a detail, drawn as a picture of any size.
package struct StatusCard: Equatable, Sendable {
  package var title: String
  package var detail: String

  package init(title: String, detail: String) {
    self.title = title
    self.detail = detail
  }

  /// Row by row, 0x00RRGGBB. An empty size gives no pixels.
  package func pixels(size: PixelSize) -> [UInt32] {
    guard !size.isEmpty else { return [] }
    var canvas = Canvas(size: size)
    canvas.fill(size.bounds, from: 0x161b24, to: 0x0b0e13)
    let design = Design(size)
    let card = Card(self, design: design, size: size)
    draw(card, design, into: &canvas)
    return canvas.pixels
  }

  private func draw(_ card: Card, _ design: Design, into canvas: inout Canvas) {
    if card.hasFrame {
      canvas.shadow(
        of: card.frame, radius: design.radius, blur: design.margin, drop: design.margin / 4, alpha: 110)
      canvas.fillRounded(card.frame, radius: design.radius, .vertical(0x242b38, 0x1e2430))
      canvas.strokeRounded(card.frame, radius: design.radius, width: design.line, 0x3a4456)
    }
    var y = card.text.y
    canvas.fillRounded(
      PixelRect(x: card.text.x, y: y, width: design.margin * 2, height: design.accent),
      radius: design.accent / 2, .solid(0x5b9dff))
    y += design.accent + design.gap
    for line in card.title {
      canvas.text(line, at: PixelPoint(x: card.text.x, y: y + design.title.ascent), design.title, 0xf1f4f9)
      y += design.title.lineHeight
    }
    y += design.gap / 2
    for line in card.detail {
      canvas.text(line, at: PixelPoint(x: card.text.x, y: y + design.body.ascent), design.body, 0xa9b4c6)
      y += design.body.lineHeight + design.body.lineHeight / 5
    }
  }
}

/// Letters and spaces that suit a picture's size.
private struct Design {
  let title: Font
  let body: Font
  let margin: Int
  let gap: Int
  let radius: Int
  let accent: Int
  let line: Int

  init(_ size: PixelSize) {
    let unit: Int
    if size.width >= 2800 && size.height >= 1400 {
      (title, body, unit) = (.huge, .large, 52)
    } else if size.width >= 900 && size.height >= 500 {
      (title, body, unit) = (.large, .medium, 30)
    } else if size.width >= 280 && size.height >= 150 {
      (title, body, unit) = (.medium, .small, 16)
    } else {
      (title, body, unit) = (.smallBold, .small, 6)
    }
    margin = unit
    gap = unit * 3 / 4
    radius = unit / 2
    accent = max(2, unit / 8)
    line = max(1, unit / 26)
  }
}

/// The lines and where they go.
private struct Card {
  let title: [String]
  let detail: [String]
  let frame: PixelRect
  let text: PixelRect
  /// False where a frame would leave no room for words.
  let hasFrame: Bool

  init(_ card: StatusCard, design: Design, size: PixelSize) {
    let widest = max(1, min(size.width - 4 * design.margin, design.body.width(of: "n") * 62))
    title = design.title.wrap(Self.bounded(card.title), width: widest)
    detail = card.detail.isEmpty ? [] : design.body.wrap(Self.bounded(card.detail), width: widest)
    let used = max(
      design.margin * 2, title.map { design.title.width(of: $0) }.max() ?? 0,
      detail.map { design.body.width(of: $0) }.max() ?? 0)
    var height = design.accent + design.gap + title.count * design.title.lineHeight
    if !detail.isEmpty {
      height += design.gap / 2 + detail.count * (design.body.lineHeight + design.body.lineHeight / 5)
    }
    // Words that do not fit keep their beginning.
    let x = max(design.margin / 2, (size.width - used) / 2)
    let y = max(design.margin / 2, (size.height - height) / 2)
    text = PixelRect(x: x, y: y, width: used, height: height)
    frame = text.inset(by: -design.margin)
    hasFrame = size.bounds.contains(frame.inset(by: -2))
  }

  /// A sentence may hold a name that a guest chose: no more of it than a card can show.
  private static func bounded(_ text: String) -> String { String(text.prefix(600)) }
}
