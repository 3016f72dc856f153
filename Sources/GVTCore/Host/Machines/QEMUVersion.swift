// QEMU's version, from whatever says it: a machine's name, `--version`, a package's version.

/// Two or three numbers.
package struct QEMUVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
  package let major: Int
  package let minor: Int
  package let micro: Int

  package init(_ major: Int, _ minor: Int, _ micro: Int = 0) {
    self.major = major
    self.minor = minor
    self.micro = micro
  }

  /// From a text that begins with the version, such as `7.2`, `9.0+pve0` or `7.2.22`; an epoch as in `1:7.2+dfsg-7` is
  /// left out.
  package init?(_ text: String) {
    let rest = text.split(separator: ":", maxSplits: 1).last ?? ""
    let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
    let numbers = digits.split(separator: ".").map { Int($0) }
    guard numbers.count >= 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    self.init(major, minor, numbers.count > 2 ? numbers[2] ?? 0 : 0)
  }

  /// From the first line of `qemu-system-x86_64 --version`: `QEMU emulator version 7.2.22 (Debian ...)`.
  package init?(output: String) {
    let words = output.split { $0 == " " || $0 == "\n" }
    guard let word = words.firstIndex(of: "version"), word + 1 < words.count else { return nil }
    self.init(String(words[word + 1]))
  }

  package var description: String { micro == 0 ? "\(major).\(minor)" : "\(major).\(minor).\(micro)" }

  package static func < (a: QEMUVersion, b: QEMUVersion) -> Bool {
    (a.major, a.minor, a.micro) < (b.major, b.minor, b.micro)
  }
}
