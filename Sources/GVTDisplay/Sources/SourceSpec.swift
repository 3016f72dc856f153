// Names a display source in one word, as typed on a command line and kept in configuration.
package import GVTCore
package import Logging

/// Where a screen comes from: `qemu:/path/to/qmp.sock[?console=0]`, `vgpu:demo[?type=NAME&size=WxH]` or
/// `shm:/path?size=WxH&format=XR24[&stride=BYTES][&offset=BYTES]` (`format=xwd`: the file says the rest).
package enum SourceSpec: Equatable, Sendable {
  case qemu(socketPath: String, console: Int)
  case demo(type: InstanceType, size: PixelSize?)
  case sharedMemory(path: String, form: SharedMemoryForm)

  /// What a SPEC may be, for help texts.
  package static let forms = [
    "qemu:/path/to/qmp.sock[?console=0]",
    "vgpu:demo[?type=\(SpecLimits.defaultType)&size=WxH]",
    "shm:/path?size=WxH&format=XR24[&stride=BYTES][&offset=BYTES]",
    "shm:/path?format=xwd",
  ]

  package init(_ text: String) throws(SpecFailure) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw SpecFailure("a SPEC begins with qemu:, vgpu: or shm:, not \(quoted(text))")
    }
    let kind = String(text[..<colon])
    let rest = text[text.index(after: colon)...]
    switch kind {
    case "qemu": self = try Self.qemu(SpecFields(rest, of: kind))
    case "vgpu": self = try Self.vgpu(SpecFields(rest, of: kind))
    case "shm": self = try Self.sharedMemory(SpecFields(rest, of: kind))
    default: throw SpecFailure("a SPEC begins with qemu:, vgpu: or shm:, not \(quoted(kind + ":"))")
    }
  }

  /// A source that is not started yet.
  package func makeSource(logger: Logger) -> any DisplaySource {
    switch self {
    case .qemu(let path, let console): QEMUSource(socketPath: path, console: console, logger: logger)
    case .demo(let type, let size): DemoSource(type: type, size: size, logger: logger)
    case .sharedMemory(let path, let form): SharedMemorySource(path: path, form: form)
    }
  }

  private static func qemu(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    let path = try fields.absolutePath(limit: LocalSocket.maxPathBytes)
    let console = try fields.take("console", default: 0, in: 0...SpecLimits.maxConsole)
    try fields.finish(allowed: ["console"])
    return .qemu(socketPath: path, console: console)
  }

  private static func vgpu(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    guard fields.path == "demo" else {
      throw SpecFailure("vgpu: is followed by demo, not by \(quoted(fields.path))")
    }
    let name = fields.take("type") ?? SpecLimits.defaultType
    guard let type = InstanceType.all.first(where: { $0.name == name }) else {
      let names = InstanceType.all.map(\.name).joined(separator: ", ")
      throw SpecFailure("vgpu: type must be one of \(names), not \(quoted(name))")
    }
    let size = try fields.takeSize(sides: SpecLimits.demoSides)
    try fields.finish(allowed: ["type", "size"])
    return .demo(type: type, size: size)
  }

  private static func sharedMemory(_ fields: consuming SpecFields) throws(SpecFailure) -> Self {
    let path = try fields.absolutePath(limit: 4095)
    let formats = PixelFormat.all.filter { $0.isReadable && $0 != .c8 }
    let allowed = formats.map(\.code.description).joined(separator: ", ") + " or xwd"
    guard let name = fields.take("format") else { throw SpecFailure("shm: needs format=, one of \(allowed)") }
    if name == "xwd" {
      try fields.finish(allowed: ["format"], because: "with format=xwd, whose file says the rest")
      return .sharedMemory(path: path, form: .xwd)
    }
    guard let format = formats.first(where: { $0.code.description == name }) else {
      throw SpecFailure("shm: format must be one of \(allowed), not \(quoted(name))")
    }
    guard let size = try fields.takeSize(sides: SpecLimits.planeSides) else {
      throw SpecFailure("shm: needs size=WIDTHxHEIGHT")
    }
    // Sides, stride and offset are bounded so far below 2^63 that no product of them overflows.
    let rowBytes = size.width * format.bytesPerPixel
    let stride = try fields.take("stride", default: rowBytes, in: rowBytes...SpecLimits.maxStrideBytes)
    let offset = try fields.take("offset", default: 0, in: 0...SpecLimits.maxOffsetBytes)
    for (key, value) in [("stride", stride), ("offset", offset)] where value % format.bytesPerPixel != 0 {
      throw SpecFailure("shm: \(key) must be a multiple of a pixel's \(format.bytesPerPixel) bytes, not \(value)")
    }
    try fields.finish(allowed: ["size", "format", "stride", "offset"])
    let layout = SurfaceLayout(format: format, size: size, strideBytes: stride, byteOffset: offset)
    return .sharedMemory(path: path, form: .raw(layout))
  }
}

/// Why a text is no SPEC: one sentence that names the key, what it was and what is allowed.
package struct SpecFailure: Error, Equatable, CustomStringConvertible {
  package let description: String
  fileprivate init(_ sentence: String) { description = sentence }
}

/// What a SPEC may ask for at most. A plane of 8192x8192 pixels is 256 MiB, far above any screen.
private enum SpecLimits {
  static let defaultType = "i915-GVTg_V5_4"
  static let maxConsole = 255
  static let planeSides = 1...8192
  /// What a Gen9 pipe scans out and the demo's desktop still fits in.
  static let demoSides = 64...4096
  static let maxStrideBytes = 1 << 20
  static let maxOffsetBytes = 1 << 40
}

/// The path and the keys of a SPEC after its kind, percent-decoded. Keys are taken one by one; the rest is refused.
private struct SpecFields {
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

  mutating func takeSize(sides: ClosedRange<Int>) throws(SpecFailure) -> PixelSize? {
    guard let text = take("size") else { return nil }
    let numbers = text.split(separator: "x", omittingEmptySubsequences: false).map(wholeNumber)
    if numbers.count == 2, let width = numbers[0], let height = numbers[1] {
      if sides.contains(width) && sides.contains(height) { return PixelSize(width: width, height: height) }
    }
    throw SpecFailure(
      "\(kind): size must be WIDTHxHEIGHT with each from \(sides.lowerBound) to \(sides.upperBound), "
        + "not \(quoted(text))")
  }

  func absolutePath(limit: Int) throws(SpecFailure) -> String {
    guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= limit else {
      throw SpecFailure(
        "\(kind): is followed by a path that begins with / and has at most \(limit) bytes, not \(quoted(path))")
    }
    return path
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

extension SourceSpec: CustomStringConvertible {
  /// The SPEC again, with what is default left out: parsing it gives an equal value.
  package var description: String {
    switch self {
    case .qemu(let path, let console):
      return "qemu:" + encoded(path) + (console == 0 ? "" : "?console=\(console)")
    case .demo(let type, let size):
      let typeKey = type.name == SpecLimits.defaultType ? nil : "type=\(type.name)"
      let keys = [typeKey, size.map { "size=\($0)" }].compactMap { $0 }
      return "vgpu:demo" + (keys.isEmpty ? "" : "?" + keys.joined(separator: "&"))
    case .sharedMemory(let path, .xwd):
      return "shm:" + encoded(path) + "?format=xwd"
    case .sharedMemory(let path, .raw(let layout)):
      let stride = layout.size.width * layout.format.bytesPerPixel
      return "shm:" + encoded(path) + "?size=\(layout.size)&format=\(layout.format.code)"
        + (layout.strideBytes == stride ? "" : "&stride=\(layout.strideBytes)")
        + (layout.byteOffset == 0 ? "" : "&offset=\(layout.byteOffset)")
    }
  }
}

/// Decimal digits and nothing else: `Int` itself would take a sign.
private func wholeNumber(_ text: some StringProtocol) -> Int? {
  text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
}

/// What somebody typed, fit for one line of a message: control characters escaped, at most 60 characters.
private func quoted(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(60).map { scalar in
    scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
  }
  return "\"" + shown.joined() + (text.unicodeScalars.count > 60 ? "…" : "") + "\""
}

private func encoded(_ path: String) -> String {
  let plain = Set("/-._~+,:@=".utf8)
  return path.utf8.map { byte in
    let scalar = Unicode.Scalar(byte)
    let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    if isPlain || plain.contains(byte) { return String(scalar) }
    let digits = String(byte, radix: 16, uppercase: true)
    return "%" + (digits.count == 1 ? "0" : "") + digits
  }.joined()
}
