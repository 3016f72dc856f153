// Lines of text over a stream socket, both ways, for control: bounded in both directions, descriptors may travel along.
import CLinux
import Glibc

/// Frames a byte stream into lines. A peer that sends a longer line than agreed has nothing to say to us.
package struct LineReader: Sendable {
  /// The longest line, in bytes without its end.
  package let limit: Int
  /// The beginning of a line whose end has not come yet.
  package private(set) var rest: [UInt8] = []

  package init(limit: Int) { self.limit = limit }

  /// The lines that `bytes` complete, or nil when one is too long.
  package mutating func lines(adding bytes: [UInt8]) -> [String]? {
    var lines: [String] = []
    for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if piece.offset > 0 {
        lines.append(String(decoding: rest, as: UTF8.self))
        rest.removeAll(keepingCapacity: true)
      }
      rest += piece.element
      if rest.count > limit { return nil }
    }
    return lines
  }
}

/// A connection on an ``EventLoop`` that carries lines. Stays on the loop's thread. Ends by itself when the peer
/// goes, sends too long a line, or does not read what it asked for.
package final class LineChannel {
  /// What waits to be sent to a peer that does not read, at most, in bytes.
  private static let maxUnsentBytes = 4 << 20

  private var socket: OwnedDescriptor?
  private let loop: EventLoop
  private var reader: LineReader
  private var unsent: [UInt8] = []
  private var receivedDescriptors: [SharedDescriptor] = []
  private let onLine: (LineChannel, String) -> Void
  private let onClose: (LineChannel) -> Void

  /// Begins to read. `onLine` gets each whole line without its end, `onClose` comes once and last.
  package init(
    _ socket: consuming OwnedDescriptor, on loop: EventLoop, lineLimit: Int,
    onLine: @escaping (LineChannel, String) -> Void, onClose: @escaping (LineChannel) -> Void
  ) throws(SystemFailure) {
    let raw = socket.raw
    try check("fcntl(F_SETFL)") { fcntl(raw, F_SETFL, O_NONBLOCK) }
    self.socket = consume socket
    self.loop = loop
    reader = LineReader(limit: lineLimit)
    self.onLine = onLine
    self.onClose = onClose
    try loop.watch(raw) { [self] ready in
      if ready.contains(.writable) { flush() }
      if ready.contains(.readable) { receive() }
    }
  }

  package var isOpen: Bool { socket != nil }

  /// What the peer has said after its last whole line. When it has closed because that became too long, that is still
  /// what is here.
  package var unfinishedLine: [UInt8] { reader.rest }

  /// Sends a line, now or when the peer reads.
  package func send(_ line: String) {
    guard isOpen else { return }
    unsent += line.utf8
    unsent.append(UInt8(ascii: "\n"))
    flush()
    if unsent.count > Self.maxUnsentBytes { close() }
  }

  /// Sends a line with a descriptor, at once or never: false when the peer does not read.
  package func send(_ line: String, with descriptor: SharedDescriptor) -> Bool {
    guard let raw = socket?.raw, unsent.isEmpty else { return false }
    let bytes = Array((line + "\n").utf8)
    // A short line either fits or does not: stream sockets split only what is larger than their buffer.
    return unsafe gvt_send_with_descriptor(raw, bytes, bytes.count, descriptor.raw) == bytes.count
  }

  /// The oldest descriptor that came along with the lines so far and was not taken yet.
  package func takeDescriptor() -> SharedDescriptor? {
    receivedDescriptors.isEmpty ? nil : receivedDescriptors.removeFirst()
  }

  /// Ends the connection; what the peer has not taken yet is lost.
  package func close() {
    guard let raw = socket?.raw else { return }
    loop.unwatch(raw)
    socket = nil
    receivedDescriptors = []
    onClose(self)
  }

  private func receive() {
    while let raw = socket?.raw {
      var descriptor: Int32 = -1
      var count = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, used in
        count = unsafe gvt_receive_with_descriptor(raw, buffer.baseAddress, buffer.count, &descriptor)
        used = max(0, count)
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN { return }
      keep(descriptor)
      guard count > 0, let lines = reader.lines(adding: bytes) else { return close() }
      for line in lines where isOpen { onLine(self, line) }
    }
  }

  /// One at a time: a peer that sends more descriptors than requests gets them closed.
  private func keep(_ raw: Int32) {
    guard raw >= 0 else { return }
    if receivedDescriptors.count >= 4 { receivedDescriptors.removeFirst() }
    receivedDescriptors.append(SharedDescriptor(OwnedDescriptor(owning: raw)))
  }

  private func flush() {
    while let raw = socket?.raw, !unsent.isEmpty {
      let count = unsafe unsent.withUnsafeBytes { buffer in
        unsafe Glibc.send(raw, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno != EAGAIN { return close() }
      if count <= 0 { break }
      unsent.removeFirst(count)
    }
    guard let raw = socket?.raw else { return }
    try? loop.rewatch(raw, for: unsent.isEmpty ? .readable : [.readable, .writable])
  }
}
