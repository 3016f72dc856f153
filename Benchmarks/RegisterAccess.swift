// What a guest's access to a register costs: a message of vfio-user to the server and its answer.
import Glibc
import TestSupport

/// Sends `message` and waits for `replyBytes` bytes, again and again: microseconds of each round.
private func rounds(_ connection: Connection, _ message: [UInt8], replyBytes: Int, count: Int) throws -> [Double] {
  try (0..<count).map { _ in
    let start = secondsNow()
    try connection.write(message)
    _ = try connection.read(replyBytes)
    return (secondsNow() - start) * 1e6
  }
}

/// Little-endian bytes, as vfio-user sends numbers.
private func little(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A message of vfio-user (its specification, "Header"): id, command, size, flags, error.
private func message(_ command: Int, _ body: [UInt8]) -> [UInt8] {
  little(1, 2) + little(command, 2) + little(16 + body.count, 4) + little(0, 8) + body
}

func measureRegisters(_ report: inout Report) throws {
  let folder = try TemporaryFolder()
  let path = folder.path("vgpu")
  let environment = ["GVT_VNC_RUN": folder.path("run")]
  let server = try ServedDisplay("vgpu:\(path)", environment: environment, in: folder)
  defer { server.end() }
  guard poll(for: 10, until: { access(path, F_OK) == 0 }) else { throw TestFailure("the vGPU does not listen") }
  let connection = try Connection(to: .unix(path: path))
  let agreed = Array("{\"capabilities\":{}}\0".utf8)
  try connection.write(message(1, little(0, 4) + agreed))
  let header = try connection.read(16)
  _ = try connection.read(Int(header[4]) + Int(header[5]) << 8 - 16)

  // PIPESRC of pipe A: offset, region 0, four bytes.
  let place = little(0x6001c, 8) + little(0, 4) + little(4, 4)
  let (read, write) = (message(9, place), message(10, place + little(0x3ff_02ff, 4)))
  let echo = try Echo(requestBytes: read.count, replyBytes: 36)
  defer { echo.end() }
  var times: [String: [Double]] = [:]
  // In turns, so that other load on the machine hits all alike.
  for _ in 0..<20 {
    times["read", default: []] += try rounds(connection, read, replyBytes: 36, count: 1000)
    times["write", default: []] += try rounds(connection, write, replyBytes: 32, count: 1000)
    times["echo", default: []] += try rounds(echo.connection, read, replyBytes: 36, count: 1000)
  }
  let bare = times["echo", default: []].median
  report.add("register access: a bare echo over the same kind of socket, median", bare, "us")
  for name in ["read", "write"] {
    let median = times[name, default: []].median
    report.add("register \(name) over vfio-user, median", median, "us", .atMost(25))
    report.add("  of that ours", median - bare, "us", .atMost(5))
  }
}

/// A thread that answers each message of one size with zeros, in as many system calls as a server needs: header, body, reply.
private final class Echo {
  let connection: Connection
  private let folder: TemporaryFolder

  init(requestBytes: Int, replyBytes: Int) throws {
    folder = try TemporaryFolder()
    let path = folder.path("echo")
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener, 1) == 0 else { throw TestFailure("cannot listen at \(path)") }
    startThread {
      let peer = accept(listener, nil, nil)
      close(listener)
      var bytes = [UInt8](repeating: 0, count: max(requestBytes, replyBytes))
      while recv(peer, &bytes, 16, Int32(MSG_WAITALL)) == 16,
        recv(peer, &bytes, requestBytes - 16, Int32(MSG_WAITALL)) == requestBytes - 16,
        send(peer, bytes, replyBytes, Int32(MSG_NOSIGNAL)) == replyBytes
      {}
      close(peer)
    }
    connection = try Connection(to: .unix(path: path))
  }

  func end() { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
}
