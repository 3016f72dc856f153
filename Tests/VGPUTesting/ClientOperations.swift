// Bytes as what a vfio-user client can do, for the random test and for fuzzing.
import CLinux
import GVTCore
import Glibc

/// Does to a server without a thread what `bytes` say: as a raw stream if the first is even, as a sequence of requests
/// otherwise. It must not trap. How many requests were answered without an error.
@discardableResult
package func exerciseClientSession(bytes: [UInt8]) throws -> Int {
  guard let first = bytes.first else { return 0 }
  let function = try PCIFunction(
    VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_8")), videoTables: [1, 2, 3],
    clock: ManualClock())
  let hooks = PCIFunction.StateHooks(
    snapshot: { function.configuration }, restore: { function.loadConfiguration($0) })
  function.stateHooks.withLock { $0 = hooks }
  // The hooks hold the function that holds them.
  defer { function.stateHooks.withLock { $0 = nil } }
  return first & 1 == 0
    ? try followStream(Array(bytes.dropFirst()), function) : try followRequests(Array(bytes.dropFirst()), function)
}

/// The bytes as they are, over a socket.
private func followStream(_ bytes: [UInt8], _ function: PCIFunction) throws -> Int {
  let ends = try OwnedDescriptor.socketPair().release()
  let far = OwnedDescriptor(owning: ends.far)
  var stream = try MessageStream(OwnedDescriptor(owning: ends.near))
  var session = ClientSession(function)
  try Files.write(bytes, to: far.raw)
  shutdown(far.raw, Int32(SHUT_WR))
  var answered = 0
  while stream.receive() == .message {
    if session.answer(stream.header, stream.body, stream.descriptors) { answered += check(session) }
    stream.finishMessage()
  }
  return answered
}

/// The bytes as requests that are nearly right.
private func followRequests(_ bytes: [UInt8], _ function: PCIFunction) throws -> Int {
  var input = RequestBytes(bytes)
  var session = ClientSession(function)
  let ram = SharedDescriptor(try .memory(named: "ram", byteCount: 1 << 20))
  let event = SharedDescriptor(OwnedDescriptor(owning: eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))))
  var answered = 0
  _ = ask(&session, .version, [0, 0, 0, 0], [])
  while let kind = input.next() {
    let (command, body) = request(kind, &input)
    let passed: [SharedDescriptor] =
      switch kind >> 6 {
      case 0: []
      case 1: [ram]
      case 2: [event]
      default: [ram, event]
      }
    answered += ask(&session, command, body, passed)
    precondition(session.mappingCount <= Capabilities.mostMappings, "mappings are bounded")
  }
  return answered
}

private func ask(
  _ session: inout ClientSession, _ command: MessageCommand, _ body: [UInt8], _ passed: [SharedDescriptor]
) -> Int {
  let message = [UInt8](repeating: 0, count: MessageHeader.byteCount) + body
  let header = MessageHeader(id: 1, command: command.rawValue, size: message.count)
  guard session.answer(header, Body(of: message, end: message.count), passed) else { return 0 }
  return check(session)
}

/// An answer must be well formed.
private func check(_ session: ClientSession) -> Int {
  let header = MessageHeader(session.reply)
  precondition(Int(header.size) == session.replyCount, "an answer says its length")
  precondition(session.replyCount <= ClientSession.mostMessageBytes, "an answer is no longer than agreed")
  return header.flags & MessageHeader.Flags.error == 0 ? 1 : 0
}

private func request(_ kind: UInt8, _ input: inout RequestBytes) -> (MessageCommand, [UInt8]) {
  var body: [UInt8] = []
  switch kind & 15 {
  case 0:
    body.append(number: UInt32(32))
    body.append(number: input.small() & 7)
    for _ in 0..<3 { body.append(number: UInt64(input.small()) << 12) }
    return (.mapMemory, body)
  case 1:
    body.append(number: UInt32(24))
    body.append(number: input.small() & 2)
    for _ in 0..<2 { body.append(number: UInt64(input.small()) << 12) }
    return (.unmapMemory, body)
  case 2...3: return (.readRegion, access(&input, count: input.small()))
  case 4...6:
    // Entries of the table and fences, so that the aperture leads somewhere.
    let isFence = kind & 15 == 6
    let place = isFence ? MMIO.fence(Int(input.small() & 3)) : MMIO.translationEntry(PageNumber(Int(input.small())))
    body = VFIOUserClient.access(0, UInt64(place), 8)
    let value = isFence ? UInt64(input.number()) << 32 | UInt64(input.number()) : UInt64(input.small()) << 12 | 1
    body.append(number: value)
    return (.writeRegion, body)
  case 7...10:
    let count = Int(input.small() & 63)
    return (.writeRegion, access(&input, count: UInt32(count)) + (0..<count).map { _ in input.next() ?? 0 })
  case 11:
    for number in [20, input.small() & 63, input.small() & 7, input.small() & 1, input.small() & 3] {
      body.append(number: number)
    }
    return (.setInterrupts, body + [1])
  case 12: return (.reset, [])
  case 13:
    for number in [64, input.small() & 3 | (input.small() & 7) << 16, input.small() & 7, 0] {
      body.append(number: number)
    }
    return (.feature, body)
  case 14:
    for number in [4096, input.small()] { body.append(number: number) }
    return input.small() & 1 == 0
      ? (.readMigrationData, body) : (.writeMigrationData, body + [UInt8](repeating: 1, count: 256))
  default:
    let command = MessageCommand.allCases[Int(input.small()) % MessageCommand.allCases.count]
    return (command, (0..<Int(input.small() & 63)).map { _ in input.next() ?? 0 })
  }
}

private func access(_ input: inout RequestBytes, count: UInt32) -> [UInt8] {
  let region = Int(input.small() % 9)
  // Mostly within the aperture's and the table's first pages, where something is.
  let offset = region == 2 ? UInt64(input.number() & 0xf_ffff) : UInt64(input.number() & 0xff_ffff)
  return VFIOUserClient.access(region, offset, Int(count))
}

/// Bytes in order; zeros after the last.
private struct RequestBytes {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func next() -> UInt8? { rest.popFirst() }

  /// A small number.
  mutating func small() -> UInt32 { UInt32(next() ?? 0) }

  /// Four bytes' worth.
  mutating func number() -> UInt32 { (0..<4).reduce(0) { sum, _ in sum << 8 | small() } }
}
