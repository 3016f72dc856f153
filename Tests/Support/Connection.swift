// A blocking, buffered stream socket for the clients that tests are made of.
import Glibc

/// Where a display listens, as `serve` prints it: `127.0.0.1:5901`, `[::1]:5901` or `unix:/path`.
package enum ServerAddress: Sendable, CustomStringConvertible {
  case tcp(port: Int)
  case unix(path: String)

  package init(_ text: String) throws {
    if text.hasPrefix("unix:") {
      self = .unix(path: String(text.dropFirst(5)))
    } else if let port = text.split(separator: ":").last.flatMap({ Int($0) }) {
      self = .tcp(port: port)
    } else {
      throw TestFailure("not an address: \(text)")
    }
  }

  package var description: String {
    switch self {
    case .tcp(let port): "127.0.0.1:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  package var port: Int {
    if case .tcp(let port) = self { port } else { 0 }
  }
}

package final class Connection {
  package let descriptor: Int32
  /// Bytes taken from the socket so far.
  package private(set) var received = 0
  /// Bytes that were read out of what was taken.
  package var consumed: Int { received - (buffer.count - position) }
  private var buffer: [UInt8] = []
  private var position = 0
  private var chunk = [UInt8](repeating: 0, count: 1 << 17)

  /// Connects; reading fails after `timeout` seconds of silence.
  package init(to address: ServerAddress, timeout: Int = 20, receiveBuffer: Int32 = 0) throws {
    let family: Int32
    if case .tcp = address { family = AF_INET } else { family = AF_UNIX }
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Self.failure("socket") }
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if receiveBuffer > 0 {
      var size = receiveBuffer
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
    }
    guard Self.connect(descriptor, to: address) == 0 else {
      let failure = Self.failure("connect to \(address)")
      close(descriptor)
      throw failure
    }
    var on: Int32 = 1
    if family == AF_INET { setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4) }
  }

  deinit { close(descriptor) }

  private static func connect(_ descriptor: Int32, to address: ServerAddress) -> Int32 {
    switch address {
    case .tcp(let port):
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      return withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .unix(let path):
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
      return withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
  }

  private static func failure(_ what: String) -> TestFailure {
    TestFailure("\(what): \(String(cString: strerror(errno)))")
  }

  /// True when something can be read, or the other side has closed, within `seconds`.
  package func isReadable(within seconds: Double) -> Bool {
    if position < buffer.count { return true }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&entry, 1, Int32(seconds * 1000)) > 0
  }

  package func read(_ count: Int) throws -> [UInt8] {
    if buffer.count - position >= count {
      defer { position += count }
      return Array(buffer[position..<position + count])
    }
    var result = Array(buffer[position...])
    buffer.removeAll(keepingCapacity: true)
    position = 0
    result.reserveCapacity(count)
    while result.count < count {
      let got = try receive()
      let wanted = min(got, count - result.count)
      result += chunk[..<wanted]
      if wanted < got { buffer += chunk[wanted..<got] }
    }
    return result
  }

  private func receive() throws -> Int {
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count > 0 {
        received += count
        return count
      }
      if count == 0 { throw TestFailure("the server closed the connection") }
      if errno != EINTR { throw Self.failure("read") }
    }
  }

  /// What the other side sends until it closes or is silent for the time-out.
  package func readToEnd() -> [UInt8] {
    var all = Array(buffer[position...])
    buffer = []
    position = 0
    while let count = try? receive() { all += chunk[..<count] }
    return all
  }

  package func byte() throws -> UInt8 { try read(1)[0] }
  package func u16() throws -> Int { try read(2).reduce(0) { $0 << 8 | Int($1) } }
  package func u32() throws -> Int { try read(4).reduce(0) { $0 << 8 | Int($1) } }
  package func s32() throws -> Int32 { Int32(truncatingIfNeeded: try u32()) }

  package func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Self.failure("write") }
      sent += count
    }
  }

  /// Writes what fits without waiting; returns how many bytes went.
  package func writeAvailable(_ bytes: [UInt8]) -> Int {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    return max(0, bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) })
  }

  /// Ends the connection at once, as a vanished peer does: whatever is unread is answered by a reset.
  package func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    shutdown(descriptor, Int32(SHUT_RDWR))
  }
}

/// Big-endian bytes, as RFB sends numbers.
package func bytes16(_ value: Int) -> [UInt8] {
  [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
}
package func bytes32(_ value: Int) -> [UInt8] { bytes16(value >> 16) + bytes16(value) }
