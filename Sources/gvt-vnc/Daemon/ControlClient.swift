// Asks the daemon something over its control socket.
import Foundation
import GVTCore

struct ControlClient {
  let socket: String
  private static let timeoutSeconds = 15

  /// Sends a request and waits for its answer. A daemon that does not run is `.unavailable`.
  func ask(_ request: ControlRequest) throws(CommandFailure) -> ControlReply {
    try exchange { connection throws(SystemFailure) in
      try Files.write(Array((JSONLine.encode(request) + "\n").utf8), to: connection.raw)
    }
  }

  /// The same, with a file that the answer's bytes are written to.
  func ask(_ request: ControlRequest, writingTo file: borrowing OwnedDescriptor) throws(CommandFailure) -> ControlReply
  {
    let copy: OwnedDescriptor
    do throws(SystemFailure) {
      copy = try file.duplicate()
    } catch {
      throw CommandFailure(error, to: "pass a file to the daemon")
    }
    let shared = SharedDescriptor(copy)
    return try exchange { connection throws(SystemFailure) in
      try LocalSocket.send(line: JSONLine.encode(request), with: shared.owned, over: connection)
    }
  }

  private func exchange(
    _ send: (borrowing OwnedDescriptor) throws(SystemFailure) -> Void
  ) throws(CommandFailure) -> ControlReply {
    let line: String
    do throws(SystemFailure) {
      let connection = try LocalSocket.connected(to: socket, timeoutSeconds: Self.timeoutSeconds)
      try send(connection)
      line = try Self.answer(from: connection)
    } catch {
      throw Self.failure(error, socket)
    }
    guard let reply: ControlReply = JSONLine.decode(line) else {
      throw CommandFailure(.unavailable, "what listens at \(socket) is no gvt-vnc daemon")
    }
    if let failure = reply.failure { throw failure.failure }
    return reply
  }

  private static func answer(from connection: borrowing OwnedDescriptor) throws(SystemFailure) -> String {
    var reader = LineReader(limit: 1 << 24)
    while true {
      let bytes = try Files.readSome(connection.raw, atMost: 65536)
      guard !bytes.isEmpty, let lines = reader.lines(adding: bytes) else { throw SystemFailure("read", ECONNRESET) }
      if let line = lines.first { return line }
    }
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
