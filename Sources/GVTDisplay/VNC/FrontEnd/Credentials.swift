// A display's passwords: read anew for every attempt, so that a changed file counts at once.
import GVTCore

/// What somebody may do.
package enum AccessLevel: String, Equatable, Sendable {
  case full = "full access"
  case viewOnly = "view only"
}

/// The two password files of a display.
package struct Credentials: Sendable {
  package let passwordFile: String?
  package let viewOnlyPasswordFile: String?

  package init(passwordFile: String?, viewOnlyPasswordFile: String?) {
    self.passwordFile = passwordFile
    self.viewOnlyPasswordFile = viewOnlyPasswordFile
  }

  /// Whose answer to `challenge` this is; nil if nobody's. A file that cannot be used refuses everyone.
  package func access(
    for response: [UInt8], to challenge: [UInt8]
  ) throws(FrontEndFailure) -> AccessLevel? {
    let isFull = try matches(response, challenge, passwordFile)
    let isViewOnly = try matches(response, challenge, viewOnlyPasswordFile)
    return isFull ? .full : isViewOnly ? .viewOnly : nil
  }

  /// Throws what would refuse everyone later.
  package func check() throws(FrontEndFailure) {
    let challenge = [UInt8](repeating: 0, count: PasswordCipher.challengeBytes)
    for path in [passwordFile, viewOnlyPasswordFile] { _ = try matches(challenge, challenge, path) }
  }

  private func matches(
    _ response: [UInt8], _ challenge: [UInt8], _ path: String?
  ) throws(FrontEndFailure) -> Bool {
    guard let path else { return false }
    guard let expected = PasswordCipher.answer(to: challenge, password: try Self.password(in: path)) else {
      throw FrontEndFailure(
        .passwordFile,
        "the password in \(path) cannot be used: this host's crypto library refuses DES, or this key for it")
    }
    return Self.areEqual(response, expected)
  }

  /// The file's first line; 8 bytes of it count.
  private static func password(in path: String) throws(FrontEndFailure) -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = try NamedFile(path).read(atMost: 1024)
    } catch {
      throw FrontEndFailure(.passwordFile, "the password file \(path) cannot be read: \(error.reason)")
    }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") && $0 != 0 }
    guard !line.isEmpty else {
      throw FrontEndFailure(.passwordFile, "the password file \(path) has an empty first line; nobody is let in")
    }
    return Array(line.prefix(PasswordCipher.passwordBytes))
  }

  /// Takes the same time wherever the two differ.
  private static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
  }
}
