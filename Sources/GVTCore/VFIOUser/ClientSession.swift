// One client's conversation with a function: each message to its answer, without a socket.
import Glibc

/// What a client has agreed, mapped and set, and what it is answered. A new one for each connection.
package struct ClientSession {
  /// Bytes of the longest message that is accepted.
  package static let mostMessageBytes = Capabilities.mostTransferBytes + 4096

  let function: PCIFunction
  private var isNegotiated = false
  var maps = MemoryMaps()
  var migration = MigrationSession()
  private var told: Set<String> = []

  /// The answer, header included; its first ``replyCount`` bytes count.
  package private(set) var reply = [UInt8](repeating: 0, count: 4096)
  package internal(set) var replyCount = 0
  /// What travels along with the answer.
  package internal(set) var replyDescriptor: SharedDescriptor?
  /// The guest's memory map changed since this was last taken away.
  package var memoryChanged = false
  /// What the client did wrong, once for each kind of wrong.
  package var warnings: [String] = []

  package init(_ function: PCIFunction) { self.function = function }

  package var mappingCount: Int { maps.count }
  package var migrationState: MigrationSession.State { migration.state }

  /// Does what a message asks. Whether there is an answer to send.
  package mutating func answer(_ header: MessageHeader, _ body: Body, _ descriptors: [SharedDescriptor]) -> Bool {
    replyCount = MessageHeader.byteCount
    replyDescriptor = nil
    var code: Int32 = 0
    do throws(Refusal) {
      try perform(header, body, descriptors)
    } catch {
      code = error.code
      replyCount = MessageHeader.byteCount
      replyDescriptor = nil
      warn(error.words.description)
    }
    guard header.wantsReply else { return false }
    let flags = MessageHeader.Flags.reply | (code == 0 ? 0 : MessageHeader.Flags.error)
    MessageHeader(id: header.id, command: header.command, size: replyCount, flags: flags, error: code)
      .write(to: &reply)
    return true
  }

  private mutating func perform(
    _ header: MessageHeader, _ body: Body, _ descriptors: [SharedDescriptor]
  ) throws(Refusal) {
    guard let command = MessageCommand(rawValue: header.command) else {
      throw Refusal(ENOTSUP, "a command that is not known here")
    }
    guard isNegotiated || command == .version else { throw Refusal(EINVAL, "a command before a version was agreed") }
    switch command {
    // The two that there are thousands of come first.
    case .readRegion: try readRegion(body)
    case .writeRegion: try writeRegion(body)
    case .version: try agree(body)
    case .mapMemory: try map(body, descriptors)
    case .unmapMemory: try unmap(body)
    case .deviceInfo: try describeDevice(body)
    case .regionInfo: try describeRegion(body)
    case .interruptInfo: try describeInterrupts(body)
    case .setInterrupts: try setInterrupts(body, descriptors)
    case .reset: reset()
    case .writeRegionMany: try writeRegionMany(body)
    case .feature: try feature(body)
    case .readMigrationData: try readMigrationData(body)
    case .writeMigrationData: try writeMigrationData(body)
    case .regionDescriptors: throw Refusal(ENOTSUP, "a question for a region's descriptors, of which there are none")
    case .dirtyPages: throw Refusal(ENOTSUP, "a question for dirty pages, which are not tracked")
    }
  }

  mutating func warn(_ words: String) {
    if told.insert(words).inserted { warnings.append(words) }
  }

  // MARK: - The answer's body

  /// Makes room for a body of `count` bytes and gives its place.
  mutating func extend(_ count: Int) -> Int {
    let place = replyCount
    replyCount += count
    if reply.count < replyCount { reply += [UInt8](repeating: 0, count: replyCount - reply.count) }
    return place
  }

  mutating func append<Word: FixedWidthInteger>(_ number: Word) {
    let place = extend(Word.bitWidth / 8)
    reply.store(number, at: place)
  }

  mutating func append(bytes: [UInt8]) {
    let place = extend(bytes.count)
    reply.replaceSubrange(place..<place + bytes.count, with: bytes)
  }

  // MARK: - Region I/O

  private mutating func readRegion(_ body: Body) throws(Refusal) {
    let request = try RegionRequest(body)
    guard request.count <= Capabilities.mostTransferBytes else {
      throw Refusal(EINVAL, "a read of more than was agreed")
    }
    let region = try Self.region(request)
    append(request.offset)
    append(request.index)
    append(request.count)
    let place = extend(Int(request.count))
    guard function.read(region, at: request.offset, count: Int(request.count), into: &reply, at: place) else {
      throw Refusal(EINVAL, "an access beyond the end of a region")
    }
  }

  private mutating func writeRegion(_ body: Body) throws(Refusal) {
    let request = try RegionRequest(body)
    guard body.count - RegionRequest.byteCount == Int(request.count) else {
      throw Refusal(EINVAL, "a write with another number of bytes than it says")
    }
    try write(request, body, at: RegionRequest.byteCount)
    append(request.offset)
    append(request.index)
    append(request.count)
  }

  private mutating func writeRegionMany(_ body: Body) throws(Refusal) {
    let entryBytes = RegionRequest.byteCount + 8
    try body.require(8)
    let count = body.number(UInt64.self, at: 0)
    guard count == (body.count - 8) / entryBytes, (body.count - 8) % entryBytes == 0 else {
      throw Refusal(EINVAL, "a list of writes of another length than it says")
    }
    for index in 0..<Int(count) {
      let place = 8 + index * entryBytes
      let request = RegionRequest(body, at: place)
      guard request.count <= 8 else { throw Refusal(EINVAL, "a list of writes with one of more than 8 bytes") }
      try write(request, body, at: place + RegionRequest.byteCount)
    }
    append(count)
  }

  private mutating func write(_ request: RegionRequest, _ body: Body, at place: Int) throws(Refusal) {
    let region = try Self.region(request)
    // A device that stands still changes nothing of itself (VFIO_DEVICE_STATE_STOP), whatever its guest writes.
    if migration.state != .running && region != .configuration {
      return warn("a write to a device that stands still")
    }
    let start = body.place(place)
    guard function.write(region, at: request.offset, body.bytes, start..<start + Int(request.count)) else {
      throw Refusal(EINVAL, "an access beyond the end of a region")
    }
  }

  private static func region(_ request: RegionRequest) throws(Refusal) -> PCIRegion {
    guard let region = PCIRegion(rawValue: Int(request.index)) else {
      throw Refusal(EINVAL, "an access to a region that does not exist")
    }
    return region
  }

  // MARK: - Version

  private mutating func agree(_ body: Body) throws(Refusal) {
    try body.require(4)
    guard !isNegotiated else { throw Refusal(EINVAL, "a second version message") }
    let major = body.number(UInt16.self, at: 0)
    let minor = body.number(UInt16.self, at: 2)
    guard major == 0 else { throw Refusal(EINVAL, "a version of vfio-user that is not known here") }
    let proposed = try Capabilities(body)
    isNegotiated = true
    // The specification would have the device keep its state from one client to the next, who may be another guest's.
    function.powerOn()
    append(major)
    // 0.1 added nothing that has to be known; QEMU proposes 0.0 and gives up if it is answered anything higher.
    append(min(minor, 1))
    append(bytes: proposed.answer.text)
  }
}
