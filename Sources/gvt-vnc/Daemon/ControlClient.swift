// Asks the daemon something over its control socket.
import Foundation
import GVTCore

struct ControlClient {
  let socket: String
  private static let timeoutSeconds = 15

  /// Sends a request and waits for its answer. A daemon that does not run is `.unavailable`.
  func ask(_ request: ControlRequest) throws(CommandFailure) -> ControlReply { try exchange(request, with: nil) }

  /// The same, with a file that the answer's bytes are written to.
  func ask(_ request: ControlRequest, writingTo file: borrowing OwnedDescriptor) throws(CommandFailure) -> ControlReply
  {
    let copy: OwnedDescriptor
    do throws(SystemFailure) {
      copy = try file.duplicate()
    } catch {
      throw CommandFailure(error, to: "pass a file to the daemon")
    }
    return try exchange(request, with: SharedDescriptor(copy))
  }

  private func exchange(_ request: ControlRequest, with file: SharedDescriptor?) throws(CommandFailure) -> ControlReply
  {
    let line: String
    do throws(SystemFailure) {
      line = try LineClient.ask(
        JSONLine.encode(request), with: file, at: socket, timeoutSeconds: Self.timeoutSeconds)
    } catch {
      throw Self.failure(error, socket)
    }
    guard let reply: ControlReply = JSONLine.decode(line) else {
      throw CommandFailure(.unavailable, "what listens at \(socket) is no gvt-vnc daemon")
    }
    if let failure = reply.failure { throw failure.failure }
    return reply
  }

  private static func failure(_ failure: SystemFailure, _ socket: String) -> CommandFailure {
    switch failure.code {
    case ENOENT, ECONNREFUSED: CommandFailure(.unavailable, "the daemon does not run (nothing listens at \(socket))")
    case EAGAIN: CommandFailure(.unavailable, "the daemon at \(socket) does not answer")
    case ENAMETOOLONG:
      CommandFailure(.badData, "a socket's path has at most \(LocalSocket.maxPathBytes) bytes: \(socket)")
    default: CommandFailure(failure, to: "ask the daemon at \(socket)")
    }
  }
}
