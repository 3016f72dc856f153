// The daemon's control socket: who may connect, lines in, lines out.
import Foundation
import GVTCore
import Logging

/// Accepts connections and answers their requests, on the daemon's loop.
final class ControlServer {
  private static let maxConnections = 64

  private let loop: EventLoop
  private let path: String
  private let group: UInt32?
  private let logger: Logger
  private let listener: OwnedDescriptor
  private let lock: FileLock
  private var connections: [ObjectIdentifier: LineChannel] = [:]
  private let answer: (ControlCommand, String?, SharedDescriptor?, @escaping (ControlReply) -> Void) -> Void

  /// Listens at `path`; a socket left there by a daemon that died is replaced.
  init(
    at path: String, group: UInt32?, on loop: EventLoop, logger: Logger,
    answer: @escaping (ControlCommand, String?, SharedDescriptor?, @escaping (ControlReply) -> Void) -> Void
  ) throws(CommandFailure) {
    self.loop = loop
    self.path = path
    self.group = group
    self.logger = logger
    self.answer = answer
    do throws(SystemFailure) {
      try? FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o755])
      guard let lock = try FileLock.taking(path + ".lock") else { throw SystemFailure("flock", EADDRINUSE) }
      self.lock = lock
      try? Files.remove(path)
      listener = try LocalSocket.listening(at: path, mode: 0o660, group: group)
      try loop.watch(listener.raw) { [unowned self] _ in accept() }
    } catch  where error.code == EADDRINUSE {
      throw CommandFailure(.unavailable, "another daemon runs already (it has \(path))")
    } catch  where error.code == ENAMETOOLONG {
      throw CommandFailure(.badData, "a socket's path has at most \(LocalSocket.maxPathBytes) bytes: \(path)")
    } catch {
      throw CommandFailure(error, to: "listen at \(path)", otherwise: .cannotCreate)
    }
  }

  /// Ends all connections and takes the socket away.
  func stop() {
    loop.unwatch(listener.raw)
    try? Files.remove(path)
    for connection in connections.values { connection.close() }
  }

  private func accept() {
    while let connection = LocalSocket.accepted(from: listener) {
      guard LocalSocket.isPeerAllowed(connection.raw, group: group) else {
        logger.warning("somebody who is neither root nor in the control group was turned away from \(path)")
        continue
      }
      guard connections.count < Self.maxConnections else { continue }
      let channel = try? LineChannel(
        connection, on: loop, lineLimit: JSONLine.limit,
        onLine: { [unowned self] channel, line in receive(line, from: channel) },
        onClose: { [unowned self] channel in connections[ObjectIdentifier(channel)] = nil })
      if let channel { connections[ObjectIdentifier(channel)] = channel }
    }
  }

  private func receive(_ line: String, from channel: LineChannel) {
    let file = channel.takeDescriptor()
    guard let request: ControlRequest = JSONLine.decode(line) else {
      return refuse(channel, "a request is one JSON object a line, such as {\"command\":\"list\"}")
    }
    guard let command = ControlCommand(rawValue: request.command) else {
      let known = ControlCommand.allCases.map(\.rawValue).joined(separator: ", ")
      return refuse(channel, "\"\(request.command.prefix(60))\" is not a command; known: \(known)")
    }
    if command.takesName && request.name == nil { return refuse(channel, "\(command) needs a \"name\"") }
    answer(command, request.name, file) { [weak channel] reply in channel?.send(JSONLine.encode(reply)) }
  }

  private func refuse(_ channel: LineChannel, _ sentence: String) {
    channel.send(JSONLine.encode(ControlReply(failure: FailureMessage(CommandFailure(.usage, sentence)))))
  }
}
