// The bytes of a QMP connection: a UNIX stream socket that never blocks and can send a descriptor along.
import CLinux
import GVTCore
import Glibc

/// A non-blocking UNIX stream socket.
struct QMPSocket: ~Copyable {
  private let descriptor: OwnedDescriptor

  /// What one read brought.
  enum Received: Equatable {
    case bytes([UInt8])
    case nothingYet
    case end
  }

  /// Begins to connect to the socket at `path`. A listener whose queue is full (EAGAIN) and one that is gone throw.
  init(connectingTo path: String) throws(SystemFailure) {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let made = OwnedDescriptor(owning: try check("socket") { socket(AF_UNIX, kind, 0) })
    try Self.connect(made.raw, to: path)
    descriptor = made
  }

  private static func connect(_ raw: Int32, to path: String) throws(SystemFailure) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else { throw SystemFailure("connect", ENAMETOOLONG) }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let code = unsafe withUnsafePointer(to: address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if code != 0 { throw SystemFailure("connect") }
  }

  /// Takes over a connected socket.
  init(_ connected: consuming OwnedDescriptor) {
    descriptor = connected
    _ = fcntl(descriptor.raw, F_SETFL, O_NONBLOCK)
  }

  /// For watching.
  var raw: Int32 { descriptor.raw }

  /// What has arrived, at most 64 KiB of it.
  borrowing func receive() -> Received {
    let socket = descriptor.raw
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, used in
      repeat { unsafe count = recv(socket, buffer.baseAddress, buffer.count, 0) } while count < 0 && errno == EINTR
      used = max(0, count)
    }
    if count > 0 { return .bytes(bytes) }
    return count < 0 && errno == EAGAIN ? .nothingYet : .end
  }

  /// Sends what the kernel takes of `bytes`, with `passed` as SCM_RIGHTS, and says how much that was.
  borrowing func send(_ bytes: ArraySlice<UInt8>, passing passed: Int32?) throws(SystemFailure) -> Int {
    let socket = descriptor.raw
    let count = unsafe bytes.withUnsafeBytes { buffer in
      var count = 0
      repeat {
        if let passed {
          unsafe count = gvt_send_with_descriptor(socket, buffer.baseAddress, buffer.count, passed)
        } else {
          unsafe count = Glibc.send(socket, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        }
      } while count < 0 && errno == EINTR
      return count
    }
    if count >= 0 { return count }
    if errno == EAGAIN { return 0 }
    throw SystemFailure("send")
  }
}

extension SystemFailure {
  /// EAGAIN: a full queue, not a fault.
  var isWouldBlock: Bool { code == EAGAIN }
  /// No socket, or one that its owner left behind.
  var isNobodyThere: Bool { code == ENOENT || code == ECONNREFUSED }
}
