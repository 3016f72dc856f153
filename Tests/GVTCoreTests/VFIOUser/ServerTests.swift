// The server's life: clients that come and go, the socket's place in the file system.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct ServerTests {
  @Test func `clients come and go for ever`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    for round in 1...20 {
      do {
        let client = try stage.client()
        #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
      }
      #expect(stage.wait { _ in stage.events.count { $0 == .disconnected(reason: "it hung up") } == round })
    }
    #expect(stage.events.count { $0 == .connected } == 20)
  }

  @Test func `a second client is hung up on, and the first does not notice`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let first = try stage.client()
    let second = try VFIOUserClient(connectingTo: stage.path)
    #expect(second.isHungUp())
    #expect(try first.read(UInt16.self, .configuration, 0) == 0x8086)
    #expect(stage.wait { $0 == .warning("a second client connected, and was refused: the vGPU is in use") })
  }

  @Test func `requests that want no answer get none, and are done in their order`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    for value in 1...100 as ClosedRange<UInt32> {
      var body = VFIOUserClient.access(0, 0x4_f060, 4)
      body.append(number: value)
      try client.post(command: MessageCommand.writeRegion.rawValue, body)
    }
    try client.post(command: 0xfff0, [1])
    #expect(try client.read(UInt32.self, .registers, 0x4_f060) == 100)
  }

  @Test func `answers to many requests at once come in their order`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    let ids = try (0..<200).map { _ in
      try client.post(command: MessageCommand.readRegion.rawValue, VFIOUserClient.access(7, 0, 4), flags: 0)
    }
    #expect(try ids.map { _ in try client.receive().header.id } == ids)
  }

  @Test func `the socket goes away with the server, while a client is connected or not`() throws {
    for isConnected in [false, true] {
      let stage = try ServerStage()
      let client = isConnected ? try stage.client() : nil
      stage.end()
      #expect(try NamedFile(stage.path).identity() == nil)
      if let client {
        #expect(client.isHungUp())
        #expect(stage.events.last == .disconnected(reason: "the vGPU is being shut down"))
      }
    }
  }

  @Test func `a socket that a killed process left is replaced, a living one and a file are not`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let other = try VFIOUserServer(path: stage.path, function: stage.function) { _ in }
    #expect(throws: SystemFailure("bind", EADDRINUSE)) { try other.start() }

    let stale = stage.path + "-stale"
    do {
      let listener = try LocalSocket.listening(at: stale, mode: 0o600, group: nil)
      _ = listener.raw
    }
    let heir = try VFIOUserServer(path: stale, function: stage.function) { _ in }
    try heir.start()
    #expect(try VFIOUserClient(connectingTo: stale).negotiate().code == 0)
    heir.stop()

    let file = stage.path + "-file"
    try Files.replace(file, with: [1], mode: 0o600)
    let careful = try VFIOUserServer(path: file, function: stage.function) { _ in }
    #expect(throws: SystemFailure("bind", EEXIST)) { try careful.start() }
    try Files.remove(file)
  }
}
