// VFIO_USER_DEVICE_FEATURE and _MIG_DATA_READ, _MIG_DATA_WRITE: a device's state from one client to another.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct MigrationTests {
  private struct Broken: Error {}

  private func feature(_ index: UInt32, _ operation: UInt32, state: UInt32? = nil, room: UInt32 = 16) -> [UInt8] {
    var body: [UInt8] = []
    body.append(number: room)
    body.append(number: index | operation)
    if let state {
      body.append(number: state)
      body.append(number: UInt32(0))
    }
    return body
  }

  private func go(_ client: VFIOUserClient, to state: MigrationSession.State) throws -> Int32 {
    try client.request(.feature, feature(2, FeatureRequest.set, state: state.rawValue)).code
  }

  private func state(_ client: VFIOUserClient) throws -> MigrationSession.State? {
    let reply = try client.request(.feature, feature(2, FeatureRequest.get))
    return MigrationSession.State(rawValue: reply.body.number(at: 8))
  }

  private func data(_ size: Int) -> [UInt8] {
    var body: [UInt8] = []
    body.append(number: UInt32(8 + size))
    body.append(number: UInt32(size))
    return body
  }

  /// A stage whose state is a register and the configuration space.
  private func stage() throws -> ServerStage {
    let stage = try ServerStage()
    let function = stage.function
    let hooks = PCIFunction.StateHooks(
      snapshot: {
        var bytes: [UInt8] = []
        bytes.append(number: function.device[0x4_f060])
        return bytes + function.configuration
      },
      restore: { bytes in
        guard bytes.count == 4 + ConfigSpace.byteCount else { throw Broken() }
        function.device[0x4_f060] = bytes.number(at: 0)
        function.loadConfiguration(Array(bytes[4...]))
      })
    function.stateHooks.withLock { $0 = hooks }
    return stage
  }

  @Test func `a device that cannot be migrated says so`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.request(.feature, feature(1, FeatureRequest.get)).code == ENOTTY)
    #expect(try client.request(.feature, feature(1, FeatureRequest.probe | FeatureRequest.get)).code == ENOTTY)
    #expect(try go(client, to: .stopCopy) == ENOTTY)
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
  }

  @Test func `features are probed, and others do not exist`() throws {
    let stage = try stage()
    defer { stage.end() }
    let client = try stage.client()
    let both = FeatureRequest.get | FeatureRequest.set
    #expect(try client.request(.feature, feature(1, FeatureRequest.probe | FeatureRequest.get)).code == 0)
    #expect(try client.request(.feature, feature(2, FeatureRequest.probe | both)).code == 0)
    #expect(try client.request(.feature, feature(1, FeatureRequest.probe | both)).code == EINVAL)
    #expect(try client.request(.feature, feature(2, both)).code == EINVAL)
    #expect(try client.request(.feature, feature(1, 0)).code == EINVAL)
    #expect(try client.request(.feature, feature(6, FeatureRequest.probe)).code == ENOTTY)
    let abilities = try client.request(.feature, feature(1, FeatureRequest.get))
    #expect(abilities.body.count == 16 && abilities.body.number(UInt64.self, at: 8) == 1)
    let cramped = try client.request(.feature, feature(1, FeatureRequest.get, room: 8))
    #expect(cramped.body.count == 8 && cramped.body.number(UInt32.self, at: 0) == 16)
  }

  @Test func `a state goes in pieces from one client to the next`() throws {
    let stage = try stage()
    defer { stage.end() }
    var saved: [UInt8] = []
    do {
      let source = try stage.client()
      try source.write(.registers, 0x4_f060, UInt32(0x1234_5678))
      try source.write(.configuration, ConfigSpace.Offset.opRegion, UInt32(0xabc0_0000))
      #expect(try go(source, to: .stopCopy) == 0)
      #expect(try state(source) == .stopCopy)
      while true {
        let piece = try source.request(.readMigrationData, data(100)).body
        #expect(piece.number(UInt32.self, at: 0) == UInt32(piece.count))
        saved += piece[8...]
        if piece.number(UInt32.self, at: 4) < 100 { break }
      }
      #expect(try go(source, to: .running) == 0)
    }
    #expect(stage.waitForDisconnection("it hung up"))
    let target = try stage.client()
    #expect(try target.read(UInt32.self, .registers, 0x4_f060) == 0)
    #expect(try go(target, to: .resuming) == 0)
    for start in stride(from: 0, to: saved.count, by: 77) {
      let piece = saved[start..<min(start + 77, saved.count)]
      #expect(try target.request(.writeMigrationData, data(piece.count) + piece).code == 0)
    }
    #expect(try go(target, to: .running) == 0)
    #expect(try target.read(UInt32.self, .registers, 0x4_f060) == 0x1234_5678)
    #expect(try target.read(UInt32.self, .configuration, ConfigSpace.Offset.opRegion) == 0xabc0_0000)
  }

  @Test func `data that is no state leads to an error that a reset ends`() throws {
    let stage = try stage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try go(client, to: .resuming) == 0)
    #expect(try client.request(.writeMigrationData, data(3) + [1, 2, 3]).code == 0)
    #expect(try go(client, to: .running) == EINVAL)
    #expect(try state(client) == .error)
    #expect(try go(client, to: .stop) == EINVAL)
    #expect(try client.request(.reset).code == 0)
    #expect(try state(client) == .running)
  }

  @Test func `data out of turn, and states that do not exist, are refused`() throws {
    let stage = try stage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.request(.readMigrationData, data(10)).code == EINVAL)
    #expect(try client.request(.writeMigrationData, data(1) + [0]).code == EINVAL)
    for state in [0, 5, 6, 7, UInt32.max] {
      #expect(try client.request(.feature, feature(2, FeatureRequest.set, state: state)).code == EINVAL)
    }
    #expect(try go(client, to: .resuming) == 0)
    #expect(try client.request(.writeMigrationData, data(50) + [0]).code == EINVAL)
    #expect(try client.request(.writeMigrationData, [4, 0, 0, 0, 1, 0, 0, 0, 0]).code == EINVAL)
    #expect(try go(client, to: .stopCopy) == EINVAL)
  }

  @Test func `a stopped device interrupts nobody until it runs again`() throws {
    let stage = try stage()
    defer { stage.end() }
    let client = try stage.client()
    let event = try makeEvent()
    try client.setEvent(event, for: .message)
    #expect(try go(client, to: .stop) == 0)
    stage.function.interrupts.raise()
    #expect(signals(of: event) == 0)
    #expect(try go(client, to: .running) == 0)
    #expect(signals(of: event) == 1)
  }
}
