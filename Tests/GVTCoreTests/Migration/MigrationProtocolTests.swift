// A client of vfio-user that migrates a device from one server to another, as QEMU does not yet.
import GVTCore
import Testing
import VGPUTesting

@Suite struct MigrationProtocolTests {
  private let pipe = Pipe.a

  /// VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, set. The errno.
  private func go(_ client: VFIOUserClient, to state: MigrationSession.State) throws -> Int32 {
    var body: [UInt8] = []
    for number in [24, 2 | 1 << 17, state.rawValue, 0] as [UInt32] { body.append(number: number) }
    return try client.request(.feature, body).code
  }

  private func state(_ client: VFIOUserClient) throws -> UInt32 {
    var body: [UInt8] = []
    for number in [16, 2 | 1 << 16] as [UInt32] { body.append(number: number) }
    return try client.request(.feature, body).body.number(at: 8)
  }

  /// All migration data, in pieces.
  private func data(_ client: VFIOUserClient) throws -> [UInt8] {
    var data: [UInt8] = []
    while true {
      var body: [UInt8] = []
      for number in [8 + 1000, 1000] as [UInt32] { body.append(number: number) }
      let reply = try client.request(.readMigrationData, body)
      guard reply.code == 0 else { throw ClientFailure(description: "no data: \(reply.code)") }
      let piece = reply.body[8...]
      if piece.isEmpty { return data }
      data += piece
    }
  }

  private func send(_ data: [UInt8], to client: VFIOUserClient) throws {
    for start in stride(from: 0, to: data.count, by: 777) {
      let piece = data[start..<min(start + 777, data.count)]
      var body: [UInt8] = []
      for number in [UInt32(8 + piece.count), UInt32(piece.count)] { body.append(number: number) }
      #expect(try client.request(.writeMigrationData, body + piece).code == 0)
    }
  }

  private func makeBusy(_ client: VFIOUserClient) throws {
    try client.write(.configuration, 0x10, UInt32(0xfd00_0000))
    try client.write(.configuration, 0x94, UInt32(0xfee0_1004))
    try client.write(.configuration, 0x04, UInt16(0x0006))
    try client.write(.registers, MMIO.verticalTotal(pipe), DisplayTotal(active: 768, total: 806).rawValue)
    try client.write(.registers, MMIO.pipeSource(pipe), PipeSource(PixelSize(width: 1024, height: 768)).rawValue)
    try client.write(.registers, MMIO.pipeConfiguration(pipe), UInt32(1 << 31))
    try client.write(.registers, MMIO.planeControl(pipe, 1), UInt32(0x8404_2000))
    try client.write(.registers, MMIO.planeStride(pipe, 1), UInt32(0x40))
    try client.write(.registers, MMIO.planeSize(pipe, 1), UInt32(0x02ff_03ff))
    try client.write(.registers, MMIO.planeSurface(pipe, 1), UInt32(0x1000_0000))
    try client.write(.registers, MMIO.translationEntry(PageNumber(0x1_0000)), UInt64(0x12_3001))
  }

  @Test func `a device goes from one server to another, and its picture with it`() throws {
    let (one, other) = (try ServerStage(), try ServerStage())
    defer {
      one.end()
      other.end()
    }
    one.function.allowMigration()
    other.function.allowMigration()
    let (source, target) = (try one.client(), try other.client())
    try makeBusy(source)
    #expect(try go(source, to: .stopCopy) == 0)
    let data = try data(source)
    #expect(try go(source, to: .stop) == 0)

    #expect(try go(target, to: .resuming) == 0)
    try send(data, to: target)
    #expect(try go(target, to: .running) == 0)
    #expect(try state(target) == MigrationSession.State.running.rawValue)
    #expect(try target.read(UInt32.self, .configuration, 0x10) == 0xfd00_0004)
    #expect(try target.read(UInt16.self, .configuration, 0x04) == 0x0006)
    #expect(try target.read(UInt32.self, .registers, MMIO.pipeConfiguration(pipe)) == 0xc000_0000)
    #expect(other.function.device.scanOut(of: pipe) == one.function.device.scanOut(of: pipe))
    #expect(other.function.device.scanOut(of: pipe).pictures.count == 1)
    #expect(try target.read(UInt64.self, .registers, MMIO.translationEntry(PageNumber(0x1_0000))) == 0x12_3001)
  }

  @Test func `a device that is stopped interrupts nobody and changes nothing, and goes on as if nothing had been`()
    throws
  {
    let stage = try ServerStage()
    defer { stage.end() }
    stage.function.allowMigration()
    let client = try stage.client()
    let event = try makeEvent()
    try client.setEvent(event, for: .message)
    try makeBusy(client)
    try client.write(.registers, MMIO.interruptEnable(.pipe(pipe)), UInt32(1))
    try client.write(.registers, MMIO.interruptMask(.pipe(pipe)), UInt32(0xffff_fffe))
    try client.write(.registers, MMIO.interruptMaster, UInt32(1 << 31))
    #expect(signals(of: event, within: .milliseconds(1000)) == 1)
    #expect(try go(client, to: .stopCopy) == 0)
    // The handler's steps: they would bring the next interrupt if they were taken.
    try client.write(.registers, MMIO.interruptIdentity(.pipe(pipe)), UInt32.max)
    try client.write(.registers, MMIO.planeSurface(pipe, 1), UInt32(0))
    #expect(try client.read(UInt32.self, .registers, MMIO.planeSurface(pipe, 1)) == 0x1000_0000)
    #expect(signals(of: event, within: .milliseconds(60)) == 0)
    #expect(try go(client, to: .running) == 0)
    try client.write(.registers, MMIO.interruptIdentity(.pipe(pipe)), UInt32.max)
    #expect(signals(of: event, within: .milliseconds(1000)) >= 1)
  }

  @Test func `data that is no snapshot leaves the device in error, and a reset ends that`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    stage.function.allowMigration()
    let client = try stage.client()
    #expect(try go(client, to: .resuming) == 0)
    try send(Array("this is not a vGPU".utf8), to: client)
    #expect(try go(client, to: .running) != 0)
    #expect(try state(client) == MigrationSession.State.error.rawValue)
    #expect(try client.request(.reset).code == 0)
    #expect(try state(client) == MigrationSession.State.running.rawValue)
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
  }

  @Test func `a snapshot of a function keeps its configuration space, but not what a guest cannot write`() throws {
    let configuration = VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4"))
    let clock = ManualClock(5_000_000_000)
    let one = try PCIFunction(configuration, clock: clock)
    let other = try PCIFunction(configuration, clock: clock)
    #expect(one.write(.configuration, at: 0x10, [0xff, 0xff, 0xff, 0xfe], 0..<4))
    try other.restore(Snapshot(one.snapshot().bytes))
    #expect(other.configuration == one.configuration)
    let isEqual = other.snapshot() == one.snapshot()
    #expect(isEqual)
  }
}
