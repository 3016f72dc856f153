// What an administrator decides about a display's viewers, what the front end bounds by itself, and why it may not start.

/// Who may connect to a display and what they may do.
package struct FrontEndPolicy: Sendable {
  /// A file whose first line is the password for full access; only 8 bytes of it count (RFB's VNC Authentication).
  package var passwordFile: String?
  /// The same for those who may only look.
  package var viewOnlyPasswordFile: String?
  /// Nobody may type or point, whatever the password.
  package var isViewOnly: Bool
  package var maxViewers: Int
  /// Seconds from the greeting to the end of the handshake.
  package var handshakeTimeout: Double
  /// A listener that other machines reach may do without a password.
  package var allowsInsecure: Bool

  package init(
    passwordFile: String? = nil, viewOnlyPasswordFile: String? = nil, isViewOnly: Bool = false, maxViewers: Int = 32,
    handshakeTimeout: Double = 10, allowsInsecure: Bool = false
  ) {
    self.passwordFile = passwordFile
    self.viewOnlyPasswordFile = viewOnlyPasswordFile
    self.isViewOnly = isViewOnly
    self.maxViewers = maxViewers
    self.handshakeTimeout = handshakeTimeout
    self.allowsInsecure = allowsInsecure
  }

  /// Viewers are asked for a password.
  package var asksPassword: Bool { passwordFile != nil || viewOnlyPasswordFile != nil }
}

/// Bounds that no administrator needs to know, and tests make smaller.
package struct FrontEndLimits: Sendable {
  /// Handshakes in progress; one more ends the oldest.
  package var handshakes = 256
  /// Refusals that wait to be said; one more drops the oldest unsaid.
  package var delayedRefusals = 64
  /// Messages handed to the display thread and not acknowledged; then reading stops.
  package var unacknowledgedMessages = 256
  /// Seconds in which a socket must take some of the bytes that are queued for it.
  package var stallTimeout = 60.0
  package var throttle = Throttle.Settings()

  package init() {}
}

/// Why a display cannot listen.
package struct FrontEndFailure: Error, Equatable, CustomStringConvertible {
  package enum Kind: Equatable, Sendable {
    case addressInUse(port: Int)
    case pathInUse(String)
    /// The address is not this machine's, or a name that nobody knows.
    case badAddress
    /// The path holds something that is no socket, or its folder does not exist.
    case badPath
    case permission
    /// Other machines could connect without a password.
    case insecure
    /// A password file that cannot be read or is empty.
    case passwordFile
    case other
  }

  package let kind: Kind
  /// One sentence for an administrator.
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
