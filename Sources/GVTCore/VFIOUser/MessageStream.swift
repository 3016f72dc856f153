// Whole messages out of a socket, and back into it. Descriptors ride on the header, so it is read on its own.

/// One connection. Its buffers are reused from message to message.
package struct MessageStream: ~Copyable {
  package enum Arrival: Equatable, Sendable {
    /// ``header`` and ``body`` are a message.
    case message
    /// There is no more now; a message may be half here.
    case nothing
    /// There will be no more, and why.
    case end(String)
  }

  private let socket: DescriptorSocket
  private var input = [UInt8](repeating: 0, count: 4096)
  /// Bytes of the present message that are here.
  private var received = 0
  package private(set) var header = MessageHeader(id: 0, command: 0, size: 0)
  package private(set) var descriptors: [SharedDescriptor] = []

  package init(_ socket: consuming OwnedDescriptor) throws(SystemFailure) { self.socket = try DescriptorSocket(socket) }

  package var raw: Int32 { socket.raw }

  /// Whether a message has begun and not ended.
  package var isMidMessage: Bool { received > 0 }

  package var body: Body { Body(of: input, end: Int(header.size)) }

  /// Receives what is there, up to the end of one message.
  package mutating func receive() -> Arrival {
    while received < MessageHeader.byteCount {
      if let arrival = advance(to: MessageHeader.byteCount) { return arrival }
      guard received == MessageHeader.byteCount else { continue }
      header = MessageHeader(input)
      if let words = Self.objection(to: header) { return .end(words) }
      if input.count < Int(header.size) { input += [UInt8](repeating: 0, count: Int(header.size) - input.count) }
    }
    while received < Int(header.size) {
      if let arrival = advance(to: Int(header.size)) { return arrival }
    }
    return .message
  }

  /// Done with a message: the next one may come.
  package mutating func finishMessage() {
    received = 0
    if !descriptors.isEmpty { descriptors = [] }
  }

  /// Sends the rest of a message from `position` on; where to continue, or nil if the peer is gone.
  package func send(_ bytes: [UInt8], from position: Int, count: Int, with descriptor: SharedDescriptor?) -> Int? {
    do {
      return position + (try socket.send(bytes, position..<count, with: position == 0 ? descriptor : nil) ?? 0)
    } catch {
      return nil
    }
  }

  /// Nil if there are more bytes.
  private mutating func advance(to end: Int) -> Arrival? {
    do {
      let count = try socket.receive(into: &input, at: received, count: end - received, descriptors: &descriptors)
      guard let count else { return .nothing }
      guard count > 0 else { return .end(received == 0 ? "it hung up" : "it hung up in the middle of a message") }
      guard descriptors.count <= DescriptorSocket.mostDescriptors else {
        return .end("it sent more descriptors than agreed")
      }
      received += count
      return nil
    } catch {
      return .end(error.description)
    }
  }

  private static func objection(to header: MessageHeader) -> String? {
    if header.size < MessageHeader.byteCount { return "it sent a message shorter than its header" }
    if header.size > ClientSession.mostMessageBytes { return "it sent a message of \(header.size) bytes" }
    return header.isCommand ? nil : "it answered a question that was not asked"
  }
}
