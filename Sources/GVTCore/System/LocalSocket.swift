// UNIX sockets for control: listeners, connections, who is at the other end, and descriptors that travel along.
import CLinux
import Glibc

/// UNIX stream sockets, by path.
package enum LocalSocket {
  /// The longest path that a socket can have, in bytes (`sun_path` without its terminator, unix(7)).
  package static let maxPathBytes = 107

  /// Listens at `path`, which must be free, with that mode and group.
  package static func listening(at path: String, mode: UInt32, group: UInt32?) throws(SystemFailure) -> OwnedDescriptor
  {
    let listener = try make(SOCK_STREAM, nonBlocking: true)
    // Nobody else may come in before owner and mode are as wanted.
    let previous = umask(0o177)
    defer { umask(previous) }
    unsafe try withAddress(path) { address, length throws(SystemFailure) in
      try check("bind") { unsafe bind(listener.raw, address, length) }
    }
    if let group { try check("chown") { unsafe chown(path, uid_t.max, group) } }
    try check("chmod") { unsafe chmod(path, mode) }
    try check("listen") { listen(listener.raw, 16) }
    return listener
  }

  /// A blocking connection to the listener at `path`, whose calls give up after `timeoutSeconds`.
  package static func connected(to path: String, timeoutSeconds: Int) throws(SystemFailure) -> OwnedDescriptor {
    let socket = try make(SOCK_STREAM, nonBlocking: false)
    var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    try check("setsockopt") { unsafe setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &limit, size) }
    try check("setsockopt") { unsafe setsockopt(socket.raw, SOL_SOCKET, SO_SNDTIMEO, &limit, size) }
    unsafe try withAddress(path) { address, length throws(SystemFailure) in
      try check("connect") { unsafe connect(socket.raw, address, length) }
    }
    return socket
  }

  /// A non-blocking connection to the listener at `path`. One whose queue is full (EAGAIN) throws, as does one that is gone.
  package static func connecting(to path: String) throws(SystemFailure) -> OwnedDescriptor {
    let socket = try make(SOCK_STREAM, nonBlocking: true)
    unsafe try withAddress(path) { address, length throws(SystemFailure) in
      if unsafe connect(socket.raw, address, length) != 0 { throw SystemFailure("connect") }
    }
    return socket
  }

  /// The next connection of `listener`; nil when there is none.
  package static func accepted(from listener: borrowing OwnedDescriptor) -> OwnedDescriptor? {
    let raw = accept(listener.raw, nil, nil)
    guard raw >= 0 else { return nil }
    _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
    return OwnedDescriptor(owning: raw)
  }

  /// Sends a line with a descriptor over a blocking connection.
  package static func send(
    line: String, with descriptor: borrowing OwnedDescriptor, over connection: borrowing OwnedDescriptor
  ) throws(SystemFailure) {
    let bytes = Array((line + "\n").utf8)
    let (raw, passed) = (connection.raw, descriptor.raw)
    let sent = try check("sendmsg") { unsafe gvt_send_with_descriptor(raw, bytes, bytes.count, passed) }
    guard sent == bytes.count else { throw SystemFailure("sendmsg", EMSGSIZE) }
  }

  /// Sends one datagram to the socket at `path`; a leading `@` means an abstract name.
  package static func sendDatagram(_ text: String, to path: String) throws(SystemFailure) {
    let socket = try make(SOCK_DGRAM, nonBlocking: false)
    let bytes = Array(text.utf8)
    unsafe try withAddress(path) { address, length throws(SystemFailure) in
      try check("sendto") {
        unsafe sendto(socket.raw, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
      }
    }
  }

  /// Whether the peer of a connection is root, this process's own user, or in `group`.
  package static func isPeerAllowed(_ connection: Int32, group: UInt32?) -> Bool {
    var user: uid_t = 0
    var primary: gid_t = 0
    var process: pid_t = 0
    guard unsafe gvt_peer_credentials(connection, &user, &primary, &process) == 0 else { return false }
    if user == 0 || user == geteuid() { return true }
    guard let group else { return false }
    return primary == group || gvt_peer_is_in_group(connection, group) == 1
  }

  /// The number of a group by its name.
  package static func group(named name: String) -> UInt32? {
    guard let entry = unsafe getgrnam(name) else { return nil }
    return unsafe entry.pointee.gr_gid
  }

  /// Whether a TCP port can be listened at on every address of this machine, as of now.
  package static func isFree(port: Int) -> Bool {
    guard let port = UInt16(exactly: port) else { return false }
    return canBindIPv4(port) && canBindIPv6(port)
  }

  private static func canBindIPv4(_ port: UInt16) -> Bool {
    guard let socket = try? probe(AF_INET) else { return true }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    return unsafe withUnsafeBytes(of: address) { unsafe canBind(socket.raw, $0) }
  }

  private static func canBindIPv6(_ port: UInt16) -> Bool {
    // A machine without IPv6 has no IPv6 port that is taken.
    guard let socket = try? probe(AF_INET6) else { return true }
    var only: Int32 = 1
    unsafe setsockopt(socket.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, 4)
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    return unsafe withUnsafeBytes(of: address) { unsafe canBind(socket.raw, $0) }
  }

  private static func probe(_ family: Int32) throws(SystemFailure) -> OwnedDescriptor {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let probe = OwnedDescriptor(owning: try check("socket") { socket(family, kind, 0) })
    // Connections that have ended and still linger do not count as a taken port.
    var reuse: Int32 = 1
    unsafe setsockopt(probe.raw, SOL_SOCKET, SO_REUSEADDR, &reuse, 4)
    return probe
  }

  private static func canBind(_ socket: Int32, _ address: UnsafeRawBufferPointer) -> Bool {
    guard let start = unsafe address.bindMemory(to: sockaddr.self).baseAddress else { return false }
    return unsafe bind(socket, start, socklen_t(address.count)) == 0 || errno == EADDRNOTAVAIL
  }

  private static func make(_ kind: __socket_type, nonBlocking: Bool) throws(SystemFailure) -> OwnedDescriptor {
    let flags = Int32(SOCK_CLOEXEC.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
    return OwnedDescriptor(owning: try check("socket") { socket(AF_UNIX, Int32(kind.rawValue) | flags, 0) })
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemFailure) -> Void
  ) throws(SystemFailure) {
    var name = Array(path.utf8)
    guard !name.isEmpty, name.count <= maxPathBytes else { throw SystemFailure("connect", ENAMETOOLONG) }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    // An abstract name ends where its length says; a path ends at its zero byte too.
    let length = socklen_t(2 + name.count + (name[0] == 0 ? 0 : 1))
    let whole = address
    unsafe try withUnsafePointer(to: whole) { pointer throws(SystemFailure) in
      unsafe try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general throws(SystemFailure) in
        unsafe try body(general, length)
      }
    }
  }
}
