// One question over a control socket, and its answer.
import Glibc

/// Asks whoever listens at a path, for commands that have nothing else to do meanwhile.
package enum LineClient {
  private static let longestAnswer = 1 << 24

  /// Sends a line, with a descriptor if there is one, and waits for the line that answers it. EAGAIN: there was none in
  /// time; ECONNRESET: there never will be.
  package static func ask(
    _ line: String, with file: SharedDescriptor? = nil, at path: String, timeoutSeconds: Int
  ) throws(SystemFailure) -> String {
    let connection = try LocalSocket.connected(to: path, timeoutSeconds: timeoutSeconds)
    if let file {
      try LocalSocket.send(line: line, with: file.owned, over: connection)
    } else {
      try Files.write(Array((line + "\n").utf8), to: connection.raw)
    }
    var reader = LineReader(limit: longestAnswer)
    while true {
      let bytes = try Files.readSome(connection.raw, atMost: 65536)
      guard !bytes.isEmpty, let lines = reader.lines(adding: bytes) else { throw SystemFailure("read", ECONNRESET) }
      if let line = lines.first { return line }
    }
  }
}
