// Anti-aliased letters at fixed sizes, for status cards and the demo guest. The data is made by packaging/generate-fonts.py.

/// One character's picture.
package struct Glyph: Sendable {
  /// From the pen to the picture's left edge, in pixels.
  package var left: Int
  /// From the baseline up to the picture's top edge, in pixels.
  package var top: Int
  package var width: Int
  package var height: Int
  /// How far the pen moves on, in pixels.
  package var advance: Int
  /// Row by row, 0 (outside) ... 15 (inside).
  package var coverage: [UInt8]
}

/// A face at one size.
package struct Font: Sendable {
  /// From the baseline up to the highest letter's top, in pixels.
  package let ascent: Int
  /// From the baseline down, in pixels.
  package let descent: Int
  private let glyphs: [UInt16: Glyph]
  private let replacement: Glyph

  package static let small = Font(FontData.sansSmall)
  package static let smallBold = Font(FontData.sansSmallBold)
  package static let medium = Font(FontData.sansMedium)
  package static let large = Font(FontData.sansLarge)
  package static let huge = Font(FontData.sansHuge)
  package static let mono = Font(FontData.mono)

  /// Reads what the generator wrote: ascent, descent, a count of glyphs (16 bits, little-endian), their table rows of
  /// 8 bytes, then their coverage.
  init(_ base64: String) {
    let data = base64Decoded(base64)
    func row(_ index: Int) -> ArraySlice<UInt8> { data[(4 + 8 * index)..<(12 + 8 * index)] }
    ascent = Int(data[0])
    descent = Int(data[1])
    let count = Int(data[2]) | Int(data[3]) << 8
    var glyphs: [UInt16: Glyph] = [:]
    glyphs.reserveCapacity(count)
    var next = 4 + 8 * count
    for index in 0..<count {
      let fields = Array(row(index))
      let size = (width: Int(fields[4]), height: Int(fields[5]))
      let coverage = Self.expand(
        data, from: &next, count: size.width * size.height, isRuns: fields[7] != 0)
      glyphs[UInt16(fields[0]) | UInt16(fields[1]) << 8] = Glyph(
        left: Int(Int8(bitPattern: fields[2])), top: Int(Int8(bitPattern: fields[3])), width: size.width,
        height: size.height, advance: Int(fields[6]), coverage: coverage)
    }
    self.glyphs = glyphs
    replacement =
      glyphs[0xfffd] ?? Glyph(left: 0, top: 0, width: 0, height: 0, advance: 8, coverage: [])
  }

  /// Coverage is stored as runs (value, length less one) or as plain values, whichever is shorter.
  private static func expand(
    _ data: [UInt8], from next: inout Int, count: Int, isRuns: Bool
  ) -> [UInt8] {
    var values: [UInt8] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      let byte = data[next]
      next += 1
      if isRuns {
        for _ in 0...(byte & 15) { values.append(byte >> 4) }
      } else {
        values.append(byte >> 4)
        values.append(byte & 15)
      }
    }
    if values.count > count { values.removeLast(values.count - count) }
    return values
  }

  package var lineHeight: Int { ascent + descent }

  /// The picture of a character, or the replacement character's. Control characters have neither.
  package func glyph(for scalar: Unicode.Scalar) -> Glyph {
    UInt16(exactly: scalar.value).flatMap { glyphs[$0] } ?? replacement
  }

  package func hasGlyph(for scalar: Unicode.Scalar) -> Bool {
    UInt16(exactly: scalar.value).flatMap { glyphs[$0] } != nil
  }

  /// How far the pen moves over `text`, in pixels.
  package func width(of text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + glyph(for: $1).advance }
  }

  /// `text` in lines no wider than `width` where a space allows it; a longer word is cut.
  package func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      for word in paragraph.split(separator: " ") {
        let longer = line.isEmpty ? String(word) : line + " " + word
        if self.width(of: longer) <= width {
          line = longer
          continue
        }
        if !line.isEmpty { lines.append(line) }
        var pieces = cut(word, width: width)
        line = pieces.popLast() ?? ""
        lines += pieces
      }
      lines.append(line)
    }
    return lines
  }

  private func cut(_ word: Substring, width: Int) -> [String] {
    var pieces: [String] = []
    var piece = ""
    var used = 0
    for character in word {
      let advance = self.width(of: String(character))
      if used + advance > width && !piece.isEmpty {
        pieces.append(piece)
        piece = ""
        used = 0
      }
      piece.append(character)
      used += advance
    }
    return pieces + [piece]
  }
}

/// The namespace that the generated files fill.
enum FontData {}

/// RFC 4648 base64; bytes outside its alphabet (line ends, padding) are skipped.
func base64Decoded(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.utf8.count * 3 / 4)
  var bits: UInt32 = 0
  var count = 0
  for character in text.utf8 {
    let value: UInt8
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character + 4
    case UInt8(ascii: "+"): value = 62
    case UInt8(ascii: "/"): value = 63
    default: continue
    }
    bits = bits << 6 | UInt32(value)
    count += 6
    if count >= 8 {
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
  }
  return bytes
}
