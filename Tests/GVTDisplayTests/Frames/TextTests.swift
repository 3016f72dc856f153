// Letters: the generated data is whole, and lines break where they should.
import Testing

@testable import GVTDisplay

struct TextTests {
  static let faces: [String: Font] = [
    "small": .small, "smallBold": .smallBold, "medium": .medium, "large": .large, "huge": .huge, "mono": .mono,
  ]

  @Test(arguments: faces.keys.sorted())
  func `every printable Latin-1 character has a picture of its own`(face: String) throws {
    let font = try #require(Self.faces[face])
    for code in Array(0x21...0x7e) + Array(0xa1...0xff) {
      guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
      #expect(font.hasGlyph(for: scalar), "U+\(String(code, radix: 16))")
      let glyph = font.glyph(for: scalar)
      #expect(glyph.coverage.count == glyph.width * glyph.height)
      #expect(glyph.coverage.allSatisfy { $0 < 16 })
      #expect(code == 0xad || glyph.coverage.contains { $0 > 7 })
    }
  }

  @Test func `the text faces know the euro, arrows and Latin Extended-A`() {
    for scalar in "€₂←↑→↓…„“”ąćęłńóśźżőűžšč".unicodeScalars {
      #expect(Font.small.hasGlyph(for: scalar))
      #expect(Font.mono.hasGlyph(for: scalar))
    }
    for scalar in "┌─┐│└┘█▒".unicodeScalars { #expect(Font.mono.hasGlyph(for: scalar)) }
  }

  @Test func `a character that no face has shows the replacement`() {
    let glyph = Font.small.glyph(for: "漢")
    #expect(glyph.coverage == Font.small.glyph(for: "\u{fffd}").coverage)
    #expect(!glyph.coverage.isEmpty)
  }

  @Test func `the monospaced face is`() {
    let widths = Set("iWm.€│".unicodeScalars.map { Font.mono.glyph(for: $0).advance })
    #expect(widths == [8])
  }

  @Test func `lines break at spaces and long words are cut`() {
    let font = Font.mono
    #expect(font.wrap("one two three", width: 8 * 7) == ["one two", "three"])
    #expect(font.wrap("abcdefgh ij", width: 8 * 3) == ["abc", "def", "gh", "ij"])
    #expect(font.wrap("a\n\nb", width: 80) == ["a", "", "b"])
    #expect(font.wrap("ab", width: 0) == ["a", "b"])
  }

  @Test func `base64 is read as RFC 4648 says`() {
    #expect(base64Decoded("Zm9v\n  YmE=") == Array("fooba".utf8))
    #expect(base64Decoded("+/+/") == [0xfb, 0xff, 0xbf])
  }
}
