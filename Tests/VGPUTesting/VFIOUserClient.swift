// A vfio-user client that asks one thing at a time, for tests, fuzzing and measurements.
import CLinux
package import GVTCore

/// Something that the client expected did not come.
package struct ClientFailure: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}

/// What the server answered.
package struct ClientReply {
  package let header: MessageHeader
  /// What follows the header.
  package let body: [UInt8]
  package let descriptors: [SharedDescriptor]

  /// The errno, 0 if it was not an error.
  package var code: Int32 {
    header.flags & MessageHeader.Flags.error == 0 ? 0 : Int32(truncatingIfNeeded: header.error)
  }
}

package final class VFIOUserClient {
  private let socket: DescriptorSocket
  private var nextID: UInt16 = 1
  private var input = [UInt8](repeating: 0, count: 4096)
  /// How long it waits for an answer, in nanoseconds.
  package var patience = Int64.milliseconds(10_000)

  package init(connectingTo path: String) throws {
    socket = try DescriptorSocket(try LocalSocket.connected(to: path, timeoutSeconds: 10))
  }

  // MARK: - Conversations

  /// Agrees on version 0.0 with the words that QEMU 11.1 uses.
  @discardableResult
  package func negotiate() throws -> ClientReply {
    let text = """
      {"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, "max_data_xfer_size": 1048576, \
      "migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, "write_multiple": true}}
      """
    return try request(.version, [0, 0, 0, 0] + Array(text.utf8) + [0])
  }

  /// Maps memory; a code of 0 is success.
  @discardableResult
  package func map(
    _ file: SharedDescriptor?, at address: UInt64, size: UInt64, fileOffset: UInt64 = 0, flags: UInt32 = 3
  ) throws -> Int32 {
    var body: [UInt8] = []
    body.append(number: UInt32(32))
    body.append(number: flags)
    for number in [fileOffset, address, size] { body.append(number: number) }
    return try request(.mapMemory, body, with: file).code
  }

  @discardableResult
  package func unmap(at address: UInt64, size: UInt64, flags: UInt32 = 0) throws -> Int32 {
    var body: [UInt8] = []
    body.append(number: UInt32(24))
    body.append(number: flags)
    body.append(number: address)
    body.append(number: size)
    return try request(.unmapMemory, body).code
  }

  package func read(_ region: PCIRegion, _ offset: Int, count: Int) throws -> [UInt8] {
    let reply = try request(.readRegion, Self.access(region.rawValue, UInt64(offset), count))
    guard reply.code == 0, reply.body.count == 16 + count else {
      throw ClientFailure(description: "a read of \(count) bytes gave \(reply.header) and \(reply.body.count) bytes")
    }
    return Array(reply.body[16...])
  }

  package func read<Word: FixedWidthInteger>(_ type: Word.Type, _ region: PCIRegion, _ offset: Int) throws -> Word {
    try read(region, offset, count: Word.bitWidth / 8).number(at: 0)
  }

  package func write(_ region: PCIRegion, _ offset: Int, bytes: [UInt8]) throws {
    let reply = try request(.writeRegion, Self.access(region.rawValue, UInt64(offset), bytes.count) + bytes)
    guard reply.code == 0 else { throw ClientFailure(description: "a write gave \(reply.header)") }
  }

  package func write<Word: FixedWidthInteger>(_ region: PCIRegion, _ offset: Int, _ value: Word) throws {
    var bytes: [UInt8] = []
    bytes.append(number: value)
    try write(region, offset, bytes: bytes)
  }

  /// Sets the eventfd of an interrupt kind; nil takes it away.
  @discardableResult
  package func setEvent(_ event: SharedDescriptor?, for kind: InterruptLines.Kind) throws -> Int32 {
    try setInterrupts(kind: UInt32(kind.rawValue), flags: 0x24, count: 1, with: event)
  }

  @discardableResult
  package func setInterrupts(
    kind: UInt32, flags: UInt32, start: UInt32 = 0, count: UInt32, data: [UInt8] = [],
    with event: SharedDescriptor? = nil
  ) throws -> Int32 {
    var body: [UInt8] = []
    for number in [UInt32(20 + data.count), flags, kind, start, count] { body.append(number: number) }
    return try request(.setInterrupts, body + data, with: event).code
  }

  /// The first part of a read or a write.
  package static func access(_ region: Int, _ offset: UInt64, _ count: Int) -> [UInt8] {
    var body: [UInt8] = []
    body.append(number: offset)
    body.append(number: UInt32(truncatingIfNeeded: region))
    body.append(number: UInt32(truncatingIfNeeded: count))
    return body
  }

  // MARK: - Messages

  /// Sends a request and waits for its answer.
  package func request(
    _ command: MessageCommand, _ body: [UInt8] = [], with descriptor: SharedDescriptor? = nil
  ) throws -> ClientReply {
    try request(command: command.rawValue, body, with: descriptor)
  }

  package func request(
    command: UInt16, _ body: [UInt8] = [], with descriptor: SharedDescriptor? = nil
  ) throws -> ClientReply {
    let id = try post(command: command, body, flags: 0, with: descriptor)
    let reply = try receive()
    guard reply.header.id == id, reply.header.command == command, reply.header.flags & 0xf == 1 else {
      throw ClientFailure(description: "\(reply.header) is no answer to message \(id), command \(command)")
    }
    return reply
  }

  /// Sends a request and does not wait. Its number.
  @discardableResult
  package func post(
    command: UInt16, _ body: [UInt8] = [], flags: UInt32 = MessageHeader.Flags.noReply,
    with descriptor: SharedDescriptor? = nil
  ) throws -> UInt16 {
    let id = nextID
    nextID &+= 1
    var message = [UInt8](repeating: 0, count: MessageHeader.byteCount) + body
    MessageHeader(id: id, command: command, size: message.count, flags: flags).write(to: &message)
    try send(raw: message, with: descriptor)
    return id
  }

  /// Sends bytes as they are.
  package func send(raw bytes: [UInt8], with descriptor: SharedDescriptor? = nil) throws {
    var sent = 0
    while sent < bytes.count {
      let count = try socket.send(bytes, sent..<bytes.count, with: sent == 0 ? descriptor : nil)
      guard let count else {
        _ = gvt_wait_three(socket.raw, -1, -1, 1, patience)
        continue
      }
      sent += count
    }
  }

  /// The next message from the server.
  package func receive() throws -> ClientReply {
    var descriptors: [SharedDescriptor] = []
    try receive(upTo: MessageHeader.byteCount, from: 0, &descriptors)
    let header = MessageHeader(input)
    let size = Int(header.size)
    guard size >= MessageHeader.byteCount, size < 16 << 20 else {
      throw ClientFailure(description: "an answer of \(size) bytes")
    }
    if input.count < size { input += [UInt8](repeating: 0, count: size - input.count) }
    try receive(upTo: size, from: MessageHeader.byteCount, &descriptors)
    return ClientReply(header: header, body: Array(input[MessageHeader.byteCount..<size]), descriptors: descriptors)
  }

  /// Whether the server has hung up, or does within the client's patience.
  package func isHungUp() -> Bool {
    var descriptors: [SharedDescriptor] = []
    do {
      while true {
        try receive(upTo: 1, from: 0, &descriptors)
      }
    } catch {
      return !"\(error)".contains("in time")
    }
  }

  private func receive(upTo end: Int, from start: Int, _ descriptors: inout [SharedDescriptor]) throws {
    var position = start
    while position < end {
      let count = try socket.receive(into: &input, at: position, count: end - position, descriptors: &descriptors)
      guard let count else {
        guard gvt_wait_readable(socket.raw, patience) == 1 else {
          throw ClientFailure(description: "the server does not answer in time")
        }
        continue
      }
      guard count > 0 else { throw ClientFailure(description: "the server hung up") }
      position += count
    }
  }
}
