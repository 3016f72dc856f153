// Reads a console's text off a picture by comparing each cell with the glyphs of the font that the guest loaded.

/// The letters of a PSF font (kbd, `psf.h`), looked up by their looks.
package struct ConsoleReader {
  package let height: Int
  /// By the glyph's rows, of eight pixels each.
  private var characters: [[UInt8]: Character] = [:]

  /// The font of Tests/Rig's guests.
  package init(kernel: GuestKernel) throws {
    try self.init(psf: readBytes("\(Project.root)/.cache/guest-\(kernel.rawValue)/font.psf"))
  }

  /// A PSF of version 1 with its table of characters.
  package init(psf bytes: [UInt8]) throws {
    guard bytes.count > 4, bytes[0] == 0x36, bytes[1] == 0x04, bytes[2] & 2 != 0 else {
      throw TestFailure("not a PSF 1 with a table of characters")
    }
    height = Int(bytes[3])
    let count = bytes[2] & 1 == 0 ? 256 : 512
    var position = 4 + count * height
    guard bytes.count > position else { throw TestFailure("the font ends early") }
    for glyph in 0..<count {
      let rows = Array(bytes[4 + glyph * height..<4 + (glyph + 1) * height])
      while position + 1 < bytes.count {
        let code = UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8
        position += 2
        if code == 0xffff { break }
        guard let scalar = Unicode.Scalar(code) else { continue }
        // Several characters look alike: the oldest one is meant.
        if let known = characters[rows], let first = known.unicodeScalars.first, first.value <= code { continue }
        characters[rows] = Character(scalar)
      }
    }
    characters[Array(repeating: 0, count: height)] = " "
  }

  /// The picture's lines of text without the blanks behind them; what is no letter is a replacement character.
  package func lines(in picture: Picture) -> [String] {
    (0..<picture.height / height).map { line in
      let cells = (0..<picture.width / 8).map { character(in: picture, x: $0 * 8, y: line * height) }
      let end = cells.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
      return String(cells[..<end])
    }
  }

  /// Whether some line contains `text`.
  package func contains(_ text: String, in picture: Picture) -> Bool {
    lines(in: picture).contains { $0.contains(text) }
  }

  private func character(in picture: Picture, x: Int, y: Int) -> Character {
    // A letter is bright on a dark ground.
    let rows = (0..<height).map { row in
      (0..<8).reduce(UInt8(0)) { bits, column in
        let pixel = picture.pixels[(y + row) * picture.width + x + column]
        return bits << 1 | (pixel & 0x80_8080 != 0 ? 1 : 0)
      }
    }
    return characters[rows] ?? "\u{fffd}"
  }
}
