// Where a display listens: what is written on the command line and in configuration, and back.

/// One place to listen at.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name or a numeric address, IPv6 without brackets; port 0 picks a free one.
  case tcp(host: String, port: Int)
  /// A UNIX socket in the file system.
  case unix(path: String)

  /// `127.0.0.1:5901`, `[::1]:0`, `localhost:5901`, `*:5901` (every IPv4 address) or `unix:/path`.
  package init(_ text: String) throws(InvalidListenAddress) {
    if let path = text.dropping(prefix: "unix:") {
      self = .unix(path: try Self.checked(path: path))
      return
    }
    let host: Substring
    let port: Substring
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else {
        throw InvalidListenAddress("\"\(text)\" has no closing bracket; write [::1]:5901")
      }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.first == ":", host.contains(":") else {
        throw InvalidListenAddress("\"\(text)\" is not an address; IPv6 is written like [::1]:5901")
      }
      port = rest.dropFirst()
    } else {
      guard let colon = text.lastIndex(of: ":"), colon > text.startIndex else {
        throw InvalidListenAddress(
          "\"\(text)\" is not HOST:PORT; write 127.0.0.1:5901, [::1]:5901, *:5901 or unix:/path")
      }
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    try self.init(host: host, port: port, text: text)
  }

  private init(host: Substring, port: Substring, text: String) throws(InvalidListenAddress) {
    let isBracketed = text.hasPrefix("[")
    guard isBracketed || !host.contains(":") else {
      throw InvalidListenAddress("\"\(text)\" is ambiguous; IPv6 is written in brackets, like [::1]:5901")
    }
    guard host.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "/" && $0 != "[" }) else {
      throw InvalidListenAddress("\"\(text)\": \"\(host)\" is not a host name")
    }
    guard !port.isEmpty, port.allSatisfy({ "0"..."9" ~= $0 }), let number = Int(port), number <= 65535 else {
      throw InvalidListenAddress("\"\(text)\": \"\(port)\" is not a port from 0 to 65535")
    }
    self = .tcp(host: host == "*" ? "0.0.0.0" : String(host), port: number)
  }

  private static func checked(path: String) throws(InvalidListenAddress) -> String {
    guard !path.isEmpty else { throw InvalidListenAddress("\"unix:\" names no path; write unix:/path") }
    guard path.utf8.count <= 107, !path.utf8.contains(0) else {
      throw InvalidListenAddress("\"\(path)\" is too long for a UNIX socket; the kernel takes 107 bytes")
    }
    return path
  }

  /// As ``init(_:)`` reads it.
  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Only this machine can connect. A name other than `localhost` counts as reachable from elsewhere.
  package var isLoopback: Bool {
    switch self {
    case .unix: true
    case .tcp("localhost", _), .tcp("::1", _): true
    case .tcp(let host, _):
      host.split(separator: ".", omittingEmptySubsequences: false).count == 4
        && host.split(separator: ".").allSatisfy { UInt8($0) != nil } && host.hasPrefix("127.")
    }
  }
}

/// Why a text is no ``ListenAddress``, in one sentence.
package struct InvalidListenAddress: Error, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

extension ListenAddress: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension String {
  fileprivate func dropping(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
