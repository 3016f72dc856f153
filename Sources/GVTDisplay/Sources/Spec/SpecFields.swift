// The parts of a SPEC: path and keys, percent-decoded, each checked once.
import GVTCore

/// Why a text is no SPEC: one sentence that names the key, what it was and what is allowed.
package struct SpecFailure: Error, Equatable, CustomStringConvertible {
  package let description: String
  init(_ sentence: String) { description = sentence }
}

/// The path and the keys of a SPEC after its kind, percent-decoded. Keys are taken one by one; the rest is refused.
struct SpecFields {
  let kind: String
  let path: String
  private var values: [String: String] = [:]

  init(_ text: Substring, of kind: String) throws(SpecFailure) {
    self.kind = kind
    let parts = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    path = try Self.decoded(parts[0], kind, "path")
    guard parts.count == 2 else { return }
    for pair in parts[1].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let key = try Self.decoded(sides[0], kind, "key")
      guard sides.count == 2, !sides[1].isEmpty else {
        throw SpecFailure("\(kind): a key has the form KEY=VALUE, not \(quoted(String(decoding: pair, as: UTF8.self)))")
      }
      guard values.updateValue(try Self.decoded(sides[1], kind, key), forKey: key) == nil else {
        throw SpecFailure("\(kind): \(quoted(key)) is given twice")
      }
    }
  }

  mutating func take(_ key: String) -> String? { values.removeValue(forKey: key) }

  mutating func take(_ key: String, default missing: Int, in range: ClosedRange<Int>) throws(SpecFailure) -> Int {
    let text = take(key)
    let number = text.map(wholeNumber) ?? missing
    if let number, range.contains(number) { return number }
    throw SpecFailure(
      "\(kind): \(key) must be a whole number from \(range.lowerBound) to \(range.upperBound), "
        + "not \(quoted(text ?? String(missing)))")
  }

  mutating func takeSize(
    width widths: ClosedRange<Int>, height heights: ClosedRange<Int>
  ) throws(SpecFailure) -> PixelSize? {
    guard let text = take("size") else { return nil }
    let numbers = text.split(separator: "x", omittingEmptySubsequences: false).map(wholeNumber)
    if numbers.count == 2, let width = numbers[0], let height = numbers[1] {
      if widths.contains(width) && heights.contains(height) { return PixelSize(width: width, height: height) }
    }
    let (low, high) = (heights.lowerBound, heights.upperBound)
    let sides =
      widths == heights
      ? "each from \(low) to \(high)"
      : "a width from \(widths.lowerBound) to \(widths.upperBound) and a height from \(low) to \(high)"
    throw SpecFailure("\(kind): size must be WIDTHxHEIGHT with \(sides), not \(quoted(text))")
  }

  mutating func takeSize(sides: ClosedRange<Int>) throws(SpecFailure) -> PixelSize? {
    try takeSize(width: sides, height: sides)
  }

  /// One of a few words.
  mutating func takeWord<Word: RawRepresentable & CaseIterable>(
    _ key: String, as type: Word.Type = Word.self
  ) throws(SpecFailure) -> Word? where Word.RawValue == String {
    guard let text = take(key) else { return nil }
    if let word = Word(rawValue: text) { return word }
    throw wrong(key, text, allowed: Word.allCases.map(\.rawValue))
  }

  func wrong(_ key: String, _ text: String, allowed: [String]) -> SpecFailure {
    let choice = allowed.count == 1 ? "" : "one of "
    return SpecFailure("\(kind): \(key) must be \(choice)\(allowed.joined(separator: ", ")), not \(quoted(text))")
  }

  func absolutePath(limit: Int, orElse other: String = "") throws(SpecFailure) -> String {
    guard Self.isAbsolute(path, limit: limit) else {
      throw SpecFailure(
        "\(kind): is followed by \(other)a path that begins with / and has at most \(limit) bytes, not \(quoted(path))")
    }
    return path
  }

  mutating func takePath(_ key: String, limit: Int) throws(SpecFailure) -> String? {
    guard let text = take(key) else { return nil }
    guard Self.isAbsolute(text, limit: limit) else {
      throw SpecFailure(
        "\(kind): \(key) must be a path that begins with / and has at most \(limit) bytes, not \(quoted(text))")
    }
    return text
  }

  private static func isAbsolute(_ path: String, limit: Int) -> Bool {
    path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= limit
  }

  func finish(allowed: [String], because reason: String = "here") throws(SpecFailure) {
    guard let key = values.keys.min() else { return }
    throw SpecFailure("\(kind): \(quoted(key)) is not a key \(reason); allowed: \(allowed.joined(separator: ", "))")
  }

  private static func decoded(
    _ text: Substring.UTF8View.SubSequence, _ kind: String, _ place: String
  ) throws(SpecFailure) -> String {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else if let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) {
        bytes.append(high << 4 | low)
      } else {
        throw SpecFailure("\(kind): a % in the \(place) is followed by two hexadecimal digits; write % itself as %25")
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw SpecFailure("\(kind): the \(place) must be UTF-8 text without zero bytes")
    }
    return decoded
  }
}

/// Decimal digits and nothing else: `Int` itself would take a sign.
func wholeNumber(_ text: some StringProtocol) -> Int? {
  text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
}

/// What somebody typed, fit for one line of a message: control characters escaped, at most 60 characters.
func quoted(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(60).map { scalar in
    scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
  }
  return "\"" + shown.joined() + (text.unicodeScalars.count > 60 ? "…" : "") + "\""
}

func encoded(_ path: String) -> String {
  let plain = Set("/-._~+,:@=".utf8)
  return path.utf8.map { byte in
    let scalar = Unicode.Scalar(byte)
    let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    if isPlain || plain.contains(byte) { return String(scalar) }
    let digits = String(byte, radix: 16, uppercase: true)
    return "%" + (digits.count == 1 ? "0" : "") + digits
  }.joined()
}
