// JSON in one line, as it travels over control sockets and stands in small files.
import FoundationEssentials

/// Values as single lines of JSON.
package enum JSONLine {
  /// The longest request or message that is accepted, in bytes.
  package static let limit = 262_144

  package static func encode(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(value) else {
      preconditionFailure("a message has nothing that JSON cannot say")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Nil for anything but an object of that kind.
  package static func decode<Value: Decodable>(_ line: String, as type: Value.Type = Value.self) -> Value? {
    try? JSONDecoder().decode(type, from: Data(line.utf8))
  }
}
