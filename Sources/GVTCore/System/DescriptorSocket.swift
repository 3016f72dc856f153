// A stream socket on which descriptors travel along with the bytes.
import CLinux
import Glibc

/// One end of a UNIX stream socket. Its calls never wait.
package struct DescriptorSocket: ~Copyable, Sendable {
  /// Descriptors that one ``receive(into:at:count:descriptors:)`` takes; more are closed.
  package static let mostDescriptors = 8

  private let socket: OwnedDescriptor

  package init(_ socket: consuming OwnedDescriptor) throws(SystemFailure) {
    let raw = socket.raw
    try check("fcntl(F_SETFL)") { fcntl(raw, F_SETFL, O_NONBLOCK) }
    self.socket = socket
  }

  /// The number, to wait for.
  package var raw: Int32 { socket.raw }

  /// Receives at most `count` bytes, which `bytes` has room for at `offset`, and appends the descriptors that came along.
  /// The number of bytes, 0 at the stream's end; nil when there is nothing now.
  package func receive(
    into bytes: inout [UInt8], at offset: Int, count: Int, descriptors: inout [SharedDescriptor]
  ) throws(SystemFailure) -> Int? {
    precondition(offset >= 0 && count >= 0 && count <= bytes.count - offset, "a message fits its buffer")
    let raw = socket.raw
    var arrived: Int32 = 0
    let received = unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.mostDescriptors) { numbers in
      let received = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe gvt_receive_with_descriptors(
          raw, buffer.baseAddress?.advanced(by: offset), count, numbers.baseAddress, Int32(numbers.count), &arrived)
      }
      let failure = errno
      for index in 0..<Int(arrived) {
        unsafe descriptors.append(SharedDescriptor(OwnedDescriptor(owning: numbers[index])))
      }
      errno = failure
      return received
    }
    if received >= 0 { return received }
    if errno == EAGAIN || errno == EINTR { return nil }
    throw SystemFailure("recvmsg")
  }

  /// Sends bytes of a range, with a descriptor riding on the first. How many went; nil when there is no room now.
  package func send(
    _ bytes: [UInt8], _ range: Range<Int>, with descriptor: SharedDescriptor? = nil
  ) throws(SystemFailure) -> Int? {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "what is sent is in the buffer")
    let raw = socket.raw
    let sent = unsafe bytes.withUnsafeBytes { buffer in
      let start = unsafe buffer.baseAddress?.advanced(by: range.lowerBound)
      guard let descriptor else { return unsafe Glibc.send(raw, start, range.count, Int32(MSG_NOSIGNAL)) }
      return unsafe gvt_send_with_descriptor(raw, start, range.count, descriptor.raw)
    }
    if sent >= 0 { return sent }
    if errno == EAGAIN || errno == EINTR { return nil }
    throw SystemFailure("sendmsg")
  }
}
