// The demo's pointers, drawn into 64x64 pixels as a cursor plane takes them.
import GVTCore

enum CursorShape: Int, CaseIterable, Sendable {
  case arrow, text, hand

  static let side = 64

  /// The pixel that points.
  var hotSpot: PixelPoint {
    switch self {
    case .arrow: PixelPoint(x: 1, y: 1)
    case .text: PixelPoint(x: 6, y: 10)
    case .hand: PixelPoint(x: 6, y: 1)
    }
  }

  /// Row by row, 0xAARRGGBB, multiplied by alpha: the outline white, the inside near black, a soft shadow.
  var pixels: [UInt32] {
    let rows = Self.pictures[rawValue].split(separator: "\n").map(Array.init)
    func ink(_ x: Int, _ y: Int) -> Character {
      rows.indices.contains(y) && rows[y].indices.contains(x) ? rows[y][x] : "."
    }
    var pixels = [UInt32](repeating: 0, count: Self.side * Self.side)
    for y in 0..<Self.side {
      for x in 0..<Self.side {
        let value: UInt32
        switch ink(x, y) {
        case "X": value = 0xff18_1c24
        case "o": value = 0xffff_ffff
        default:
          // One pixel right and below of the shape: a third of black.
          let isShaded = ink(x - 1, y - 1) != "." || ink(x - 1, y - 2) != "."
          value = isShaded ? 0x4800_0000 : 0
        }
        pixels[y * Self.side + x] = value
      }
    }
    return pixels
  }

  private static let pictures = [
    """
    oo
    oXo
    oXXo
    oXXXo
    oXXXXo
    oXXXXXo
    oXXXXXXo
    oXXXXXXXo
    oXXXXXXXXo
    oXXXXXXXXXo
    oXXXXXXXXXXo
    oXXXXXXXXXXXo
    oXXXXXXoooooo
    oXXXoXXo
    oXXo.oXXo
    oXo..oXXo
    oo....oXXo
    ......oXXo
    .......oo
    """,
    """
    ..oooo.oooo
    ..oXXXoXXXo
    ..oooXXXooo
    ....ooXoo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    .....oXo
    ....ooXoo
    ..oooXXXooo
    ..oXXXoXXXo
    ..oooo.oooo
    """,
    """
    .....oo
    ....oXXo
    ....oXXo
    ....oXXo
    ....oXXo
    ....oXXooo
    ....oXXoXXooo
    ....oXXoXXoXXoo
    .oo.oXXoXXoXXoXo
    oXXooXXXXXXXXoXXo
    oXXXoXXXXXXXXXXXo
    .oXXXXXXXXXXXXXXo
    ..oXXXXXXXXXXXXXo
    ..oXXXXXXXXXXXXo
    ...oXXXXXXXXXXXo
    ...oXXXXXXXXXXo
    ....oXXXXXXXXXo
    ....oXXXXXXXXo
    ....oooooooooo
    """,
  ]
}
