// Reads a console's text off its picture, cell by cell, with the font that guests are given (PSF 1: kbd's psf(5)) or that
// their firmware has.

package struct ConsoleFont: Sendable {
  package static let cellWidth = 8
  package let cellHeight: Int
  /// Rows of pixels of a cell, the highest bit leftmost, to a character.
  private var characters: [[UInt8]: Character] = [:]

  package init(_ path: String) throws {
    let bytes = readBytes(path)
    guard bytes.count > 4, bytes[0] == 0x36, bytes[1] == 0x04, bytes[2] & 2 != 0 else {
      throw TestFailure("\(path) is not a PSF 1 font with characters")
    }
    cellHeight = Int(bytes[3])
    let count = bytes[2] & 1 == 0 ? 256 : 512
    var table = bytes[(4 + count * cellHeight)...]
    for index in 0..<count {
      let glyph = Array(bytes[4 + index * cellHeight..<4 + (index + 1) * cellHeight])
      var names: [UInt16] = []
      while let name = Self.next(&table), name != 0xffff { names.append(name) }
      // 0xfffe begins sequences of characters, which a console never shows.
      guard let name = names.first(where: { $0 < 0x80 }) ?? names.first, name != 0xfffe,
        let scalar = Unicode.Scalar(name)
      else { continue }
      if characters[glyph] == nil || name < 0x80 { characters[glyph] = Character(scalar) }
    }
    characters[Array(repeating: 0, count: cellHeight)] = " "
  }

  /// The font of SeaBIOS' video BIOSes: 8x16, in the order of ASCII (vgasrc/vgafonts.c).
  package init(videoBIOS path: String) throws {
    let bytes = readBytes(path)
    let a: [UInt8] = [0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6, 0, 0, 0, 0]
    cellHeight = a.count
    let places = bytes.indices.dropLast(128 * a.count).filter { bytes[$0...].starts(with: a) }
    guard let place = places.first, place >= 65 * a.count else { throw TestFailure("\(path) has no font") }
    for code in UInt8(0x20)..<0x7f {
      let start = place + (Int(code) - 65) * a.count
      characters[Array(bytes[start..<start + a.count])] = Character(Unicode.Scalar(code))
    }
  }

  private static func next(_ table: inout ArraySlice<UInt8>) -> UInt16? {
    guard let low = table.popFirst(), let high = table.popFirst() else { return nil }
    return UInt16(high) << 8 | UInt16(low)
  }

  /// The lines of a console that begins at the picture's corner. What is no character is U+FFFD; spaces at the ends of
  /// lines are dropped.
  package func lines(in picture: Picture) -> [String] {
    (0..<picture.height / cellHeight).map { row in
      var line = (0..<picture.width / Self.cellWidth).map { character(in: picture, column: $0, row: row) }
      while line.last == " " { line.removeLast() }
      return String(line)
    }
  }

  private func character(in picture: Picture, column: Int, row: Int) -> Character {
    let corner = row * cellHeight * picture.width + column * Self.cellWidth
    let background = picture.pixels[corner]
    var foreground: UInt32?
    var glyph = Array(repeating: UInt8(0), count: cellHeight)
    for y in 0..<cellHeight {
      for x in 0..<Self.cellWidth {
        let pixel = picture.pixels[corner + y * picture.width + x]
        guard pixel != background else { continue }
        guard foreground == nil || foreground == pixel else { return "\u{fffd}" }
        foreground = pixel
        glyph[y] |= 0x80 >> UInt8(x)
      }
    }
    // A letter that reaches the corner has its colours the other way round.
    return characters[glyph] ?? characters[glyph.map(~)] ?? "\u{fffd}"
  }
}
