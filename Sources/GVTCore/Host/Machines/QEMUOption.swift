// The argument of one QEMU option, in either of the forms that QEMU takes: `word,key=value,...` or a JSON object.
import FoundationEssentials

/// What stands behind `-device`, `-chardev` and their like, as texts by key.
///
/// QEMU's util/qemu-option.c is the rule for the first form: a comma in a value is doubled, the first value may go without its
/// key, and a key alone is a switch. JSON is what libvirt writes for `-device` since QEMU 6.2.
struct QEMUOption: Equatable, Sendable {
  private var values: [String: String] = [:]

  /// `implied` is the key of a first value that stands without one.
  init(_ text: String, implied: String) {
    if text.utf8.first == UInt8(ascii: "{") {
      values = JSONObject.flattened(text)
    } else {
      for (index, part) in Self.parts(of: text).enumerated() { add(part, isFirst: index == 0, implied: implied) }
    }
  }

  /// The value of `key`; keys inside an object are joined by dots, as in `socket.path`.
  subscript(key: String) -> String? { values[key] }

  /// Whether a switch is on; QEMU takes these words (qapi/qapi-util.c).
  func isOn(_ key: String) -> Bool { ["on", "yes", "true", "y"].contains(values[key] ?? "") }

  private mutating func add(_ part: String, isFirst: Bool, implied: String) {
    let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if sides.count == 2 {
      values[String(sides[0])] = String(sides[1])
    } else if isFirst {
      values[implied] = part
    } else if part.hasPrefix("no") {
      // `nowait`, `noserver`: how switches were turned off before QEMU 6.
      values[String(part.dropFirst(2))] = "off"
    } else {
      values[part] = "on"
    }
  }

  /// The text between single commas, with doubled ones made single.
  private static func parts(of text: String) -> [String] {
    let comma = UInt8(ascii: ",")
    var parts: [[UInt8]] = [[]]
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
      if byte != comma {
        parts[parts.count - 1].append(byte)
      } else if bytes.first == comma {
        bytes.removeFirst()
        parts[parts.count - 1].append(comma)
      } else {
        parts.append([])
      }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// A JSON object whose values are texts, numbers, switches or such objects again; anything else in it is left out.
private enum JSONObject: Decodable {
  case text(String)
  case object([String: JSONObject])
  case other

  /// No QEMU option is nested deeper than a few levels.
  private static let deepest = 8

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if decoder.codingPath.count > Self.deepest {
      self = .other
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let isOn = try? value.decode(Bool.self) {
      self = .text(isOn ? "on" : "off")
    } else if let number = try? value.decode(Int.self) {
      self = .text(String(number))
    } else if let object = try? value.decode([String: JSONObject].self) {
      self = .object(object)
    } else {
      self = .other
    }
  }

  /// The texts of an object by key; none if `text` is no object.
  static func flattened(_ text: String) -> [String: String] {
    guard let value: JSONObject = JSONLine.decode(text) else { return [:] }
    var texts: [String: String] = [:]
    value.collect(into: &texts, at: "")
    return texts
  }

  private func collect(into texts: inout [String: String], at path: String) {
    switch self {
    case .text(let text): texts[path] = text
    case .object(let members):
      for (key, member) in members { member.collect(into: &texts, at: path.isEmpty ? key : path + "." + key) }
    case .other: break
    }
  }
}
