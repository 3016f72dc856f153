// The daemon's control socket: lines in, lines out.
import Foundation
import GVTCore
import Logging

/// Answers the requests of those who connect, on the daemon's loop.
final class ControlServer {
  typealias Answer = (ControlCommand, String?, SharedDescriptor?, @escaping (ControlReply) -> Void) -> Void

  private let server: LineServer
  private let lock: FileLock

  /// Listens at `path`; a socket left there by a daemon that died is replaced.
  init(
    at path: String, group: UInt32?, on loop: EventLoop, logger: Logger, answer: @escaping Answer
  ) throws(CommandFailure) {
    do throws(SystemFailure) {
      try? FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o755])
      guard let lock = try FileLock.taking(path + ".lock") else { throw SystemFailure("flock", EADDRINUSE) }
      self.lock = lock
      server = try LineServer(
        at: path, group: group, on: loop,
        onStranger: {
          logger.warning("somebody who is neither root nor in the control group was turned away from \(path)")
        }, onLine: { channel, line in Self.receive(line, from: channel, answer) })
    } catch  where error.code == EADDRINUSE {
      throw CommandFailure(.unavailable, "another daemon runs already (it has \(path))")
    } catch  where error.code == ENAMETOOLONG {
      throw CommandFailure(.badData, "a socket's path has at most \(LocalSocket.maxPathBytes) bytes: \(path)")
    } catch {
      throw CommandFailure(error, to: "listen at \(path)", otherwise: .cannotCreate)
    }
  }

  /// Ends all connections and takes the socket away.
  func stop() { server.stop() }

  private static func receive(_ line: String, from channel: LineChannel, _ answer: Answer) {
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

  private static func refuse(_ channel: LineChannel, _ sentence: String) {
    channel.send(JSONLine.encode(ControlReply(failure: FailureMessage(CommandFailure(.usage, sentence)))))
  }
}
