// What an administrator decides about one display.

/// How a display is served.
package struct DisplayOptions: Sendable {
  /// The name that viewers show.
  package var title: String
  package var listeners: [ListenAddress]
  /// A file whose first line is the full password; nil for none.
  package var passwordFile: String?
  /// A file whose first line is the password of those who may only look.
  package var viewOnlyPasswordFile: String?
  /// Nobody may type or point.
  package var isViewOnly: Bool
  package var maxViewers: Int
  package var maxFramesPerSecond: Int
  /// A viewer's wish for another size is passed to the guest.
  package var followsResize: Bool
  /// Serve without a password where anybody can connect.
  package var allowsInsecure: Bool

  package init(
    title: String, listeners: [ListenAddress], passwordFile: String? = nil, viewOnlyPasswordFile: String? = nil,
    isViewOnly: Bool = false, maxViewers: Int = 32, maxFramesPerSecond: Int = 60, followsResize: Bool = true,
    allowsInsecure: Bool = false
  ) {
    self.title = title
    self.listeners = listeners
    self.passwordFile = passwordFile
    self.viewOnlyPasswordFile = viewOnlyPasswordFile
    self.isViewOnly = isViewOnly
    self.maxViewers = maxViewers
    self.maxFramesPerSecond = maxFramesPerSecond
    self.followsResize = followsResize
    self.allowsInsecure = allowsInsecure
  }
}
