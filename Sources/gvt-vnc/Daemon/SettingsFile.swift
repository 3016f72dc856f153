// A display's settings as a YAML file: reading, with the line of every mistake, and writing.
import GVTDisplay
import Yams

/// What is wrong with a configuration file: where, which key, what is allowed.
struct SettingsFailure: Error, Equatable, CustomStringConvertible {
  let line: Int
  /// One sentence.
  let sentence: String
  var description: String { "line \(line): \(sentence)" }
}

/// The keys of a display's file, in the order in which they are written.
private enum SettingsKey: String, CaseIterable {
  case source, listen, title
  case passwordFile = "password-file"
  case viewOnlyPasswordFile = "view-only-password-file"
  case viewOnly = "view-only"
  case maxViewers = "max-viewers"
  case maxFrames = "max-fps"
  case resize, insecure
}

extension DisplaySettings {
  /// Reads a file's text.
  init(yaml: String) throws(SettingsFailure) {
    let fields = try YAMLFields(yaml, allowed: SettingsKey.allCases.map(\.rawValue))
    guard let source = fields.node(SettingsKey.source.rawValue) else {
      throw SettingsFailure(
        line: 1, sentence: "the key source is missing; it holds a SPEC such as \(SourceSpec.forms[0])")
    }
    guard let listen = fields.node(SettingsKey.listen.rawValue) else {
      throw SettingsFailure(
        line: 1, sentence: "the key listen is missing; it holds addresses such as [\"127.0.0.1:5900\"]")
    }
    self.init(source: try Self.spec(source), listeners: try Self.addresses(listen))
    for key in SettingsKey.allCases {
      if let node = fields.node(key.rawValue) { try set(key, to: node) }
    }
    if let complaint { throw SettingsFailure(line: listen.line, sentence: complaint) }
  }

  private mutating func set(_ key: SettingsKey, to node: YAMLField) throws(SettingsFailure) {
    switch key {
    case .source, .listen: break
    case .title: title = try node.text()
    case .passwordFile: passwordFile = try node.absolutePath()
    case .viewOnlyPasswordFile: viewOnlyPasswordFile = try node.absolutePath()
    case .viewOnly: isViewOnly = try node.truth()
    case .maxViewers: maxViewers = try node.number(in: Self.allowedMaxViewers)
    case .maxFrames: maxFramesPerSecond = try node.number(in: Self.allowedMaxFrames)
    case .resize: resize = try node.word()
    case .insecure: allowsInsecure = try node.truth()
    }
  }

  private static func spec(_ node: YAMLField) throws(SettingsFailure) -> SourceSpec {
    let text = try node.text()
    do throws(SpecFailure) {
      return try SourceSpec(text)
    } catch {
      throw node.wrong(error.description)
    }
  }

  private static func addresses(_ node: YAMLField) throws(SettingsFailure) -> [ListenAddress] {
    var addresses: [ListenAddress] = []
    for item in try node.list(limit: 16) {
      let text = try item.text()
      do throws(InvalidListenAddress) {
        addresses.append(try ListenAddress(text))
      } catch {
        throw item.wrong(error.description)
      }
    }
    return addresses
  }

  /// The text of a file that reads back as these settings. What is default is left out.
  var yaml: String {
    let standard = DisplaySettings(source: source, listeners: listeners)
    var lines = ["# A display of gvt-vnc, see gvt-vnc.conf(5). A running daemon notices every change at once."]
    func add(_ key: SettingsKey, _ value: String) { lines.append("\(key.rawValue): \(value)") }
    add(.source, quoted(source.description))
    add(.listen, "[" + listeners.map { quoted($0.description) }.joined(separator: ", ") + "]")
    if let title { add(.title, quoted(title)) }
    if let passwordFile { add(.passwordFile, quoted(passwordFile)) }
    if let viewOnlyPasswordFile { add(.viewOnlyPasswordFile, quoted(viewOnlyPasswordFile)) }
    if isViewOnly { add(.viewOnly, "true") }
    if maxViewers != standard.maxViewers { add(.maxViewers, "\(maxViewers)") }
    if maxFramesPerSecond != standard.maxFramesPerSecond { add(.maxFrames, "\(maxFramesPerSecond)") }
    if resize != standard.resize { add(.resize, resize.rawValue) }
    if allowsInsecure { add(.insecure, "true") }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A YAML double-quoted scalar.
private func quoted(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar -> String in
    switch scalar {
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case " "..."~": return String(scalar)
    case _ where scalar.properties.isAlphabetic: return String(scalar)
    default:
      let digits = String(scalar.value, radix: 16)
      return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
  return "\"" + escaped.joined() + "\""
}
