// What a display says of itself, for `list`, `status` and the daemon.

/// A display's state at one moment.
package struct DisplayReport: Codable, Equatable, Sendable {
  package enum State: String, Codable, Sendable { case running, waiting, failed }

  package var state: State
  /// Why there is no picture, in one sentence; nil while there is one.
  package var reason: String?
  /// The SPEC.
  package var source: String
  /// Where viewers can connect.
  package var listeners: [String]
  package var viewers: [ViewerReport]
  package var width: Int
  package var height: Int
  /// Frames captured with a change in them, over the last second or so.
  package var framesPerSecond: Double
  /// What the source has to say of itself.
  package var details: [SourceDetail]

  package init(
    state: State, reason: String?, source: String, listeners: [String], viewers: [ViewerReport], width: Int,
    height: Int, framesPerSecond: Double, details: [SourceDetail] = []
  ) {
    self.state = state
    self.reason = reason
    self.source = source
    self.listeners = listeners
    self.viewers = viewers
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
    self.details = details
  }
}

/// One viewer of a display.
package struct ViewerReport: Codable, Equatable, Sendable {
  package var peer: String
  package var isViewOnly: Bool
  /// The encoding that it prefers, by name.
  package var encoding: String
  package var updatesSent: Int
  package var bytesSent: Int

  package init(peer: String, isViewOnly: Bool, encoding: String, updatesSent: Int, bytesSent: Int) {
    self.peer = peer
    self.isViewOnly = isViewOnly
    self.encoding = encoding
    self.updatesSent = updatesSent
    self.bytesSent = bytesSent
  }
}
