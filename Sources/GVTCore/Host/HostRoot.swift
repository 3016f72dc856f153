// Where a host's /proc, /sys, /dev and configuration are read: at its root, or in a folder that holds a copy of a host's.

/// A host's file tree. A fixture tree is a host, so that what is told of a machine can be tested without that machine.
package struct HostRoot: Sendable, Equatable {
  /// What every path is prefixed with; empty for the host we run on. Symbolic links of the tree itself must be relative.
  package let prefix: String

  /// The host we run on.
  package static let this = HostRoot(prefix: "")

  package init(prefix: String) {
    self.prefix = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
  }

  /// Whether this is the host we run on: only there processes can be asked and devices opened.
  package var isThisHost: Bool { prefix.isEmpty }

  /// Where `path`, which begins with /, really is.
  package func place(of path: String) -> String { prefix + path }

  /// A small file's bytes; those of /proc and /sys have no size beforehand.
  package func bytes(_ path: String, limit: Int = 1 << 20) throws(SystemFailure) -> [UInt8] {
    try Files.read(place(of: path), limit: limit)
  }

  /// A small file's text without the line's end; nil if there is no such file, or it may not be read.
  package func text(_ path: String, limit: Int = 1 << 20) -> String? {
    guard let bytes = try? bytes(path, limit: limit) else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)[...]
    while text.last == "\n" || text.last == " " { text.removeLast() }
    return String(text)
  }

  /// A number as /sys writes them: decimal, or hexadecimal after 0x.
  package func number(_ path: String) -> Int? {
    guard let text = text(path) else { return nil }
    return text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }

  /// The names in a folder, sorted; none if there is no such folder, or it may not be read.
  package func entries(of path: String) -> [String] { Files.entries(of: place(of: path)).sorted() }

  /// Whether there is something of that name.
  package func exists(_ path: String) -> Bool { Files.exists(place(of: path)) }

  /// What a symbolic link says, as it stands there.
  package func linkTarget(_ path: String) -> String? { Files.linkTarget(place(of: path)) }

  /// The path that `path` is after all symbolic links, within this tree; nil if it leads nowhere or out of the tree.
  package func resolved(_ path: String) -> String? {
    guard let real = Files.resolved(place(of: path)) else { return nil }
    if isThisHost { return real }
    guard let root = Files.resolved(prefix), real.hasPrefix(root + "/") else { return nil }
    return String(real.dropFirst(root.count))
  }

  /// Writes a line into a file of /sys.
  package func write(_ line: String, to path: String) throws(SystemFailure) {
    try Files.put(Array((line + "\n").utf8), into: place(of: path))
  }
}
