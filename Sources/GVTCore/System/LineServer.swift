// A control socket: who may connect, and a line channel to each who did.

/// Listens at a path on an ``EventLoop`` and hands on the lines of everybody who may speak. Stays on the loop's thread.
package final class LineServer {
  private static let mostConnections = 64

  private let loop: EventLoop
  private let path: String
  private let group: UInt32?
  private let listener: OwnedDescriptor
  private let lineLimit: Int
  private let onLine: (LineChannel, String) -> Void
  private let onStranger: () -> Void
  private var connections: [ObjectIdentifier: LineChannel] = [:]

  /// Listens at `path`; a socket that is there already is replaced, so that the caller must know that its owner is gone.
  /// Root, our own user and members of `group` may connect; anybody else is counted by `onStranger` and hung up on.
  package init(
    at path: String, group: UInt32? = nil, on loop: EventLoop, lineLimit: Int = JSONLine.limit,
    onStranger: @escaping () -> Void = {}, onLine: @escaping (LineChannel, String) -> Void
  ) throws(SystemFailure) {
    self.loop = loop
    self.path = path
    self.group = group
    self.lineLimit = lineLimit
    self.onLine = onLine
    self.onStranger = onStranger
    try? Files.remove(path)
    listener = try LocalSocket.listening(at: path, mode: 0o660, group: group)
    try loop.watch(listener.raw) { [unowned self] _ in accept() }
  }

  /// Ends all connections and takes the socket away.
  package func stop() {
    loop.unwatch(listener.raw)
    try? Files.remove(path)
    for connection in connections.values { connection.close() }
  }

  private func accept() {
    while let connection = LocalSocket.accepted(from: listener) {
      guard LocalSocket.isPeerAllowed(connection.raw, group: group) else {
        onStranger()
        continue
      }
      guard connections.count < Self.mostConnections else { continue }
      let channel = try? LineChannel(
        connection, on: loop, lineLimit: lineLimit,
        onLine: { [unowned self] channel, line in onLine(channel, line) },
        onClose: { [unowned self] channel in connections[ObjectIdentifier(channel)] = nil })
      if let channel { connections[ObjectIdentifier(channel)] = channel }
    }
  }
}
