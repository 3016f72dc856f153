// A flat YAML file of known keys, each value with its line. All use of Yams is here.
import Yams

/// The keys of a file. Unknown keys, repeated keys and anything but one mapping are refused with their line.
struct YAMLFields {
  private var fields: [String: YAMLField] = [:]

  init(_ yaml: String, allowed: [String]) throws(SettingsFailure) {
    guard let root = try Self.root(of: yaml) else { return }
    guard case .mapping(let mapping) = root else {
      throw SettingsFailure(line: root.mark?.line ?? 1, sentence: "the file must hold lines of the form KEY: VALUE")
    }
    for (key, value) in mapping {
      let line = key.mark?.line ?? 1
      guard case .scalar(let name) = key, allowed.contains(name.string) else {
        let shown = key.scalar.map { "\"\($0.string.prefix(60))\"" } ?? "that"
        throw SettingsFailure(
          line: line, sentence: "\(shown) is not a key; allowed: \(allowed.joined(separator: ", "))")
      }
      fields[name.string] = YAMLField(key: name.string, node: value, keyLine: line)
    }
  }

  func node(_ key: String) -> YAMLField? { fields[key] }

  private static func root(of yaml: String) throws(SettingsFailure) -> Node? {
    do {
      return try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw failure(error)
    } catch {
      throw SettingsFailure(line: 1, sentence: "this is not YAML")
    }
  }

  private static func failure(_ error: YamlError) -> SettingsFailure {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return SettingsFailure(line: mark.line, sentence: "this is not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.sorted().map { $0.prefix(60) }.joined(separator: ", ")
      return SettingsFailure(line: context.mark.line, sentence: "given twice in this file: \(names)")
    case .reader(let problem, _, _, _):
      return SettingsFailure(line: 1, sentence: "this is not YAML: \(problem)")
    default:
      return SettingsFailure(line: 1, sentence: "this is not YAML")
    }
  }
}

/// One value of a file.
struct YAMLField {
  let key: String
  let node: Node
  fileprivate let keyLine: Int

  fileprivate init(key: String, node: Node, keyLine: Int) {
    self.key = key
    self.node = node
    self.keyLine = keyLine
  }

  var line: Int { node.mark?.line ?? keyLine }

  func wrong(_ sentence: String) -> SettingsFailure { SettingsFailure(line: line, sentence: "\(key): \(sentence)") }

  func text() throws(SettingsFailure) -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw wrong("must be a text") }
    guard !scalar.string.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw wrong("must be one line of text without control characters")
    }
    return scalar.string
  }

  func absolutePath() throws(SettingsFailure) -> String {
    let path = try text()
    guard path.hasPrefix("/") else { throw wrong("must be a path that begins with /, not \"\(path.prefix(60))\"") }
    return path
  }

  func truth() throws(SettingsFailure) -> Bool {
    let word = try text()
    switch word {
    case "true": return true
    case "false": return false
    default: throw wrong("must be true or false, not \"\(word.prefix(60))\"")
    }
  }

  func number(in range: ClosedRange<Int>) throws(SettingsFailure) -> Int {
    let word = try text()
    guard let number = Int(word), range.contains(number) else {
      throw wrong(
        "must be a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(word.prefix(60))\"")
    }
    return number
  }

  func word<Word: RawRepresentable & CaseIterable>() throws(SettingsFailure) -> Word where Word.RawValue == String {
    let text = try text()
    guard let word = Word(rawValue: text) else {
      throw wrong("must be \(Word.allCases.map(\.rawValue).joined(separator: " or ")), not \"\(text.prefix(60))\"")
    }
    return word
  }

  /// The items of a list; a single text counts as a list of one.
  func list(limit: Int) throws(SettingsFailure) -> [YAMLField] {
    guard case .sequence(let items) = node else {
      _ = try text()
      return [self]
    }
    guard (1...limit).contains(items.count) else { throw wrong("must have 1 to \(limit) entries, not \(items.count)") }
    return items.map { YAMLField(key: key, node: $0, keyLine: line) }
  }
}
