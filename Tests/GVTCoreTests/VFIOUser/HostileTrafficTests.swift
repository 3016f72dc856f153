// A VMM that is broken or malicious: a clear word about it, and the next client is served.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct HostileTrafficTests {
  private static func message(_ size: UInt32, command: UInt16 = 9, flags: UInt32 = 0, body: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt16(1))
    bytes.append(number: command)
    for number in [size, flags, 0] { bytes.append(number: number) }
    return bytes + [UInt8](repeating: 0, count: body)
  }

  /// What is sent, and why the server hangs up.
  @Test(
    arguments: [
      (message(15), "it sent a message shorter than its header"),
      (message(0), "it sent a message shorter than its header"),
      (message(.max), "it sent a message of 4294967295 bytes"),
      (message(16, flags: 1), "it answered a question that was not asked"),
      (message(16, flags: 5), "it answered a question that was not asked"),
      (message(4096, body: 100), "it stopped in the middle of a message"),
      ([1, 2, 3], "it stopped in the middle of a message"),
    ] as [([UInt8], String)])
  func `a stream that cannot be followed is hung up on`(bytes: [UInt8], reason: String) throws {
    let stage = try ServerStage(patience: .milliseconds(50))
    defer { stage.end() }
    let client = try stage.client()
    try client.send(raw: bytes)
    #expect(client.isHungUp())
    #expect(stage.waitForDisconnection(reason))
    #expect(try stage.client().read(UInt16.self, .configuration, 0) == 0x8086)
  }

  @Test func `a client that dies in the middle of a message is one line in the log`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    do {
      let client = try stage.client()
      try client.send(raw: Self.message(64, body: 10))
    }
    #expect(stage.waitForDisconnection("it hung up in the middle of a message"))
    #expect(try stage.client().read(UInt16.self, .configuration, 0) == 0x8086)
  }

  @Test func `descriptors that nobody asked for are closed`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let file = SharedDescriptor(try .memory(named: "unwanted"))
    for _ in 0..<2000 { _ = try client.request(.deviceInfo, [16, 0, 0, 0], with: file) }
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
    // Riding on each byte of a header, until the server has had enough.
    for byte in Self.message(32, body: 16) { guard (try? client.send(raw: [byte], with: file)) != nil else { break } }
    #expect(client.isHungUp())
    #expect(stage.waitForDisconnection("it sent more descriptors than agreed"))
  }

  @Test func `a client that takes no answers is hung up on`() throws {
    let stage = try ServerStage(patience: .milliseconds(50))
    defer { stage.end() }
    let client = try stage.client()
    let read = VFIOUserClient.access(0, 0, 1 << 20)
    for _ in 0..<4 { try client.post(command: MessageCommand.readRegion.rawValue, read, flags: 0) }
    #expect(stage.waitForDisconnection("it does not take its answers"))
    #expect(try stage.client().read(UInt16.self, .configuration, 0) == 0x8086)
  }

  /// Region, offset and length of accesses that lead nowhere.
  @Test(
    arguments: [
      (0, 16 << 20, 1), (0, (16 << 20) - 1, 4), (0, .max, 8), (0, 1 << 63, 4), (0, 0, 1 << 21), (1, 0, 4),
      (2, 256 << 20, 1),
      (4, 61, 4), (6, 0, 1), (7, 256, 1), (7, 0, 257), (8, 0, 1), (9, 0, 1), (0xffff_ffff, 0, 1), (7, 0, 0xffff_ffff),
    ] as [(Int, UInt64, Int)])
  func `accesses beyond a region are refused`(region: Int, offset: UInt64, count: Int) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.request(.readRegion, VFIOUserClient.access(region, offset, count)).code == EINVAL)
    let bytes = [UInt8](repeating: 0, count: min(count, 1024))
    #expect(try client.request(.writeRegion, VFIOUserClient.access(region, offset, count) + bytes).code == EINVAL)
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
  }

  @Test func `memory that the VMM takes away under a mapping reads as nothing and harms nothing`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ram = SharedDescriptor(try .memory(named: "ram", byteCount: 1 << 20))
    try client.map(ram, at: 0, size: 1 << 20)
    try client.write(.registers, MMIO.translationEntry(PageNumber(0)), UInt64(0x8_0001))
    try client.write(.aperture, 0, UInt64(0x1122_3344_5566_7788))
    #expect(try client.read(UInt64.self, .aperture, 0) == 0x1122_3344_5566_7788)
    #expect(ftruncate(ram.raw, 4096) == 0)
    #expect(try client.read(UInt64.self, .aperture, 0) == 0)
    try client.write(.aperture, 8, UInt64(1))
    #expect(stage.function.memoryAccess.faults.counts == [.lostPage: 2])
  }

  @Test func `many mistakes of a kind are one warning`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    for command in 100..<200 as Range<UInt16> { _ = try client.request(command: command) }
    #expect(stage.wait { if case .warning = $0 { true } else { false } })
    let warnings = stage.events.filter { if case .warning = $0 { true } else { false } }
    #expect(warnings == [.warning("the VMM sent a command that is not known here")])
  }
}
