// The DES of VNC Authentication, as libvncserver does it (rfbproto, VNC Authentication).
import CVNCServer
import GVTCore

/// What a viewer that knows a password answers to a challenge.
package enum PasswordCipher {
  /// The length of a challenge and of its answer.
  package static let challengeBytes = 16
  /// A password's bytes beyond these do not count.
  package static let passwordBytes = 8

  // libvncserver's built-in DES, which it uses without a crypto library, keeps its key schedule in globals.
  private static let isFree = Locked<Void>(())

  /// Nil if the library's cipher does nothing, which it has no way to report: where DES is not available (FIPS mode), or
  /// for a key that it refuses, such as the empty one. An answer equal to the challenge would let everybody in.
  package static func answer(to challenge: [UInt8], password: some Collection<UInt8>) -> [UInt8]? {
    precondition(challenge.count == challengeBytes, "a VNC challenge has 16 bytes")
    var answer = challenge
    var key = password.prefix(while: { $0 != 0 }).prefix(passwordBytes).map { CChar(bitPattern: $0) }
    key += [CChar](repeating: 0, count: passwordBytes + 1 - key.count)
    isFree.withLock { _ in unsafe rfbEncryptBytes(&answer, &key) }
    return answer == challenge ? nil : answer
  }
}
