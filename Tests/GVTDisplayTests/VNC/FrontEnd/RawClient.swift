// A viewer that blocks and speaks bytes, and a front end with a record of what it delivered.
import GVTCore
import Glibc
import Logging
import Synchronization
import Testing

@testable import GVTDisplay

/// One real socket to a front end. Reads give up after 5 s.
final class RawClient {
  struct Failure: Error { let text: String }

  private let socket: OwnedDescriptor

  init(_ address: ListenAddress, receiveBuffer: Int32? = nil) throws {
    switch address {
    case .tcp(_, let port):
      socket = OwnedDescriptor(owning: try check("socket") { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = UInt16(port).bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      prepare(receiveBuffer)
      try Self.connect(socket.raw, &name)
    case .unix(let path):
      socket = OwnedDescriptor(owning: try check("socket") { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) })
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
      prepare(receiveBuffer)
      try Self.connect(socket.raw, &name)
    }
  }

  private static func connect<Name>(_ socket: Int32, _ name: inout Name) throws {
    let size = socklen_t(MemoryLayout<Name>.size)
    try check("connect") {
      unsafe withUnsafePointer(to: &name) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(socket, $0, size) }
      }
    }
  }

  private func prepare(_ receiveBuffer: Int32?) {
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    unsafe setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer {
      unsafe setsockopt(socket.raw, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
    }
  }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      sent += try check("send") {
        unsafe bytes.withUnsafeBytes { bytes in
          unsafe Glibc.send(
            socket.raw, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }

  /// Sends what the socket takes without waiting; the number of bytes.
  func sendSome(_ bytes: [UInt8]) -> Int {
    unsafe max(0, Glibc.send(socket.raw, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)))
  }

  func receive(_ count: Int) throws -> [UInt8] {
    let bytes = try receive(atMost: count)
    guard bytes.count == count else { throw Failure(text: "\(bytes.count) bytes of \(count), then the end") }
    return bytes
  }

  /// Everything up to the end of the connection. A reset counts as an end.
  func receiveAll() throws -> [UInt8] { try receive(atMost: 1 << 24) }

  private func receive(atMost count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      let more = unsafe recv(socket.raw, &bytes[got], count - got, 0)
      if more == 0 || (more < 0 && errno == ECONNRESET) { break }
      if more < 0 { throw SystemFailure("recv") }
      got += more
    }
    return Array(bytes.prefix(got))
  }

  func endOutput() { shutdown(socket.raw, Int32(SHUT_WR)) }

  /// A 3.8 viewer without password, up to and including ClientInit.
  static func joined(_ frontEnd: FrontEnd, receiveBuffer: Int32? = nil) throws -> RawClient {
    let client = try RawClient(frontEnd.addresses[0], receiveBuffer: receiveBuffer)
    try client.exchangeVersions("RFB 003.008\n")
    #expect(try client.receive(2) == [1, 1])
    try client.send([1])
    #expect(try client.receive(4) == [0, 0, 0, 0])
    try client.send([1])
    return client
  }

  func exchangeVersions(_ version: String) throws {
    #expect(try receive(12) == Array("RFB 003.008\n".utf8))
    try send(Array(version.utf8))
  }

  /// What follows a refusal in the versions that give a reason.
  func receiveReason() throws -> String {
    let length = try receive(4).reduce(0) { $0 << 8 | Int($1) }
    return String(decoding: try receive(length), as: UTF8.self)
  }
}

/// What a front end delivered.
final class Deliveries: Sendable {
  private struct Record {
    var viewers: [any ViewerConnection] = []
    var messages: [ClientMessage] = []
    var left: [ViewerID] = []
  }

  private let record = Mutex(Record())
  /// Acknowledges each message at once.
  private let acknowledges: Bool

  init(acknowledges: Bool = true) { self.acknowledges = acknowledges }

  var viewers: [any ViewerConnection] { record.withLock { $0.viewers } }
  var messages: [ClientMessage] { record.withLock { $0.messages } }
  var left: [ViewerID] { record.withLock { $0.left } }

  func take(_ event: FrontEndEvent) {
    let speaker: (any ViewerConnection)? = record.withLock { record in
      switch event {
      case .joined(let viewer):
        record.viewers.append(viewer)
        return nil
      case .message(let id, let message):
        record.messages.append(message)
        return record.viewers.first { $0.id == id }
      case .left(let id):
        record.left.append(id)
        return nil
      }
    }
    if acknowledges { speaker?.acknowledge(messages: 1) }
  }

  func firstViewer() throws -> any ViewerConnection {
    try waitUntil("somebody joined") { !viewers.isEmpty }
    return try #require(viewers.first)
  }
}

/// Polls each millisecond, for 5 s.
func waitUntil(_ what: String, _ condition: () -> Bool) throws {
  for _ in 0..<5000 {
    if condition() { return }
    usleep(1000)
  }
  throw RawClient.Failure(text: "waited in vain until \(what)")
}

/// A front end on a free loopback port for as long as `body` runs.
func withFrontEnd(
  _ policy: FrontEndPolicy = FrontEndPolicy(), limits: FrontEndLimits = FrontEndLimits(),
  at addresses: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 0)], into deliveries: Deliveries = Deliveries(),
  _ body: (FrontEnd, Deliveries) throws -> Void
) throws {
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let frontEnd = try FrontEnd.start(on: addresses, policy: policy, logger: logger, limits: limits) {
    deliveries.take($0)
  }
  defer { frontEnd.stop() }
  try body(frontEnd, deliveries)
}

/// A folder for as long as `body` runs.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/gvt-front-XXXXXX".utf8CString)
  let path = try #require(unsafe mkdtemp(&template).map { unsafe String(cString: $0) })
  defer {
    if let folder = unsafe opendir(path) {
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
      }
      unsafe closedir(folder)
    }
    unsafe rmdir(path)
  }
  try body(path)
}

func writeFile(_ path: String, _ text: String) throws {
  let file = OwnedDescriptor(
    owning: try check("open") { unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600) })
  let bytes = Array(text.utf8)
  try check("write") { unsafe write(file.raw, bytes, bytes.count) }
}
