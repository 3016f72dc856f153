// VFIO_USER_DEVICE_RESET and function level reset: nothing of one guest is left for the next.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct DeviceResetTests {
  private func scribble(_ client: VFIOUserClient) throws {
    try client.write(.registers, 0x4_f060, UInt32(0xdead_beef))
    try client.write(.registers, MMIO.translationEntry(PageNumber(5)), UInt64(0x1234_5001))
    try client.write(.configuration, 4, UInt16(7))
    try client.write(.configuration, ConfigSpace.Offset.bar(0), UInt32(0xfd00_0000))
    try client.write(.configuration, ConfigSpace.Offset.opRegion, UInt32(0x7ff0_0000))
  }

  private func expectFresh(_ stage: ServerStage, _ client: VFIOUserClient) throws {
    let fresh = try ServerStage()
    defer { fresh.end() }
    let other = try fresh.client()
    #expect(stage.function.configuration == fresh.function.configuration)
    for offset in [0x4_f000, 0x7_0000, MMIO.pvInfo] {
      #expect(try client.read(.registers, offset, count: 4096) == other.read(.registers, offset, count: 4096))
    }
    #expect(try client.read(.registers, MMIO.translationTable, count: 4096) == [UInt8](repeating: 0, count: 4096))
  }

  @Test func `a reset makes the device as fresh, and keeps the client's memory and events`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    try client.map(SharedDescriptor(try .memory(named: "ram", byteCount: 4096)), at: 0, size: 4096)
    let event = try makeEvent()
    try client.setEvent(event, for: .message)
    try scribble(client)
    #expect(try client.request(.reset).code == 0)
    try expectFresh(stage, client)
    #expect(stage.function.device.memory.regions.count == 1)
    #expect(try client.setInterrupts(kind: 1, flags: 0x21, count: 1) == 0)
    #expect(signals(of: event) == 1)
  }

  @Test func `a guest can reset the function by itself`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    try scribble(client)
    try client.write(.configuration, ConfigSpace.Offset.advancedFeatures + 4, UInt8(1))
    try expectFresh(stage, client)
  }

  @Test func `the next client finds nothing of the one before`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    do {
      let first = try stage.client()
      try first.map(SharedDescriptor(try .memory(named: "ram", byteCount: 4096)), at: 0, size: 4096)
      try scribble(first)
    }
    #expect(stage.waitForDisconnection("it hung up"))
    #expect(stage.function.device.memory.regions.isEmpty)
    try expectFresh(stage, try stage.client())
  }
}
