// Everything an administrator says about one display, as a value: from a command line or from a configuration file.
import GVTDisplay

/// Whether a viewer may change the guest's resolution.
enum ResizePolicy: String, CaseIterable, Sendable { case follow, forbid }

/// A display's settings. Its keys are the same in a configuration file and, with two dashes, on a command line.
struct DisplaySettings: Equatable, Sendable {
  static let defaultMaxViewers = 16
  static let defaultMaxFrames = 60
  static let allowedMaxViewers = 1...1000
  static let allowedMaxFrames = 1...240

  var source: SourceSpec
  var listeners: [ListenAddress]
  var title: String?
  var passwordFile: String?
  var viewOnlyPasswordFile: String?
  var isViewOnly = false
  var maxViewers = Self.defaultMaxViewers
  var maxFramesPerSecond = Self.defaultMaxFrames
  var resize = ResizePolicy.follow
  var allowsInsecure = false

  init(source: SourceSpec, listeners: [ListenAddress]) {
    self.source = source
    self.listeners = listeners
  }

  /// What is wrong with these settings as a whole, in one sentence.
  var complaint: String? {
    if !Self.allowedMaxViewers.contains(maxViewers) {
      return "max-viewers must be from 1 to \(Self.allowedMaxViewers.upperBound), not \(maxViewers)"
    }
    if !Self.allowedMaxFrames.contains(maxFramesPerSecond) {
      return "max-fps must be from 1 to \(Self.allowedMaxFrames.upperBound), not \(maxFramesPerSecond)"
    }
    if Set(listeners).count != listeners.count { return "a listener is named twice" }
    let isProtected = passwordFile != nil || viewOnlyPasswordFile != nil
    if !allowsInsecure && !isProtected, let open = listeners.first(where: { !$0.isLoopback }) {
      return "other machines reach \(open) and nothing protects it: give a password-file, or say insecure"
    }
    return nil
  }

  func options(name: String) -> DisplayOptions {
    DisplayOptions(
      title: title ?? name, listeners: listeners, passwordFile: passwordFile,
      viewOnlyPasswordFile: viewOnlyPasswordFile, isViewOnly: isViewOnly, maxViewers: maxViewers,
      maxFramesPerSecond: maxFramesPerSecond, followsResize: resize == .follow, allowsInsecure: allowsInsecure)
  }

  /// The arguments of a `gvt-vnc serve` with these settings. Passwords are in files, so no secret is among them.
  func serveArguments(name: String) -> [String] {
    var arguments = ["serve", source.description, "--name", title ?? name]
    if title != nil { arguments += ["--display-name", name] }
    for listener in listeners { arguments += ["--listen", listener.description] }
    if let passwordFile { arguments += ["--password-file", passwordFile] }
    if let viewOnlyPasswordFile { arguments += ["--view-only-password-file", viewOnlyPasswordFile] }
    if isViewOnly { arguments.append("--view-only") }
    arguments += ["--max-viewers", "\(maxViewers)", "--max-fps", "\(maxFramesPerSecond)"]
    arguments += ["--resize", resize.rawValue]
    if allowsInsecure { arguments.append("--insecure") }
    return arguments
  }

  /// The TCP ports of its listeners.
  var ports: [Int] {
    listeners.compactMap { listener in
      if case .tcp(_, let port) = listener { port } else { nil }
    }
  }
}

/// A display's name: also a file name and a word on a command line.
struct DisplayName: Hashable, Comparable, Sendable, CustomStringConvertible {
  let description: String

  static let rule = "1 to 64 letters, digits, dots, dashes or underscores, and does not begin with a dot or a dash"

  init?(_ text: String) {
    let isPlain = text.utf8.allSatisfy { byte in
      let scalar = Unicode.Scalar(byte)
      return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || scalar == "." || scalar == "_" || scalar == "-"
    }
    guard isPlain, (1...64).contains(text.utf8.count), text.first != ".", text.first != "-" else { return nil }
    description = text
  }

  static func < (a: DisplayName, b: DisplayName) -> Bool { a.description < b.description }
}
