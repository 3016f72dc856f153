// VFIO_USER_DEVICE_GET_INFO, _GET_REGION_INFO, _GET_IRQ_INFO, and what is politely refused.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct DeviceInfoTests {
  @Test func `the device is a PCI device that can be reset, with vfio's regions and interrupts`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let reply = try stage.client().request(.deviceInfo, [16, 0, 0, 0] + [UInt8](repeating: 0, count: 12))
    #expect((0..<4).map { reply.body.number(UInt32.self, at: 4 * $0) } == [16, 3, 9, 5])
  }

  /// Region, its size and flags.
  @Test(arguments: [
    (0, 16 << 20, 0xf), (1, 0, 0), (2, 256 << 20, 3), (3, 0, 0), (4, 64, 3), (5, 0, 0), (6, 2048, 1), (7, 256, 3),
    (8, 0, 0),
  ])
  func `each region has its size`(index: Int, size: Int, flags: Int) throws {
    let stage = try ServerStage(videoTables: Array("$VBT".utf8))
    defer { stage.end() }
    let reply = try stage.client().request(.regionInfo, Self.question(UInt32(index), room: 64))
    #expect(reply.body.number(UInt32.self, at: 4) == UInt32(flags))
    #expect(reply.body.number(UInt32.self, at: 8) == UInt32(index))
    #expect(reply.body.number(UInt64.self, at: 16) == UInt64(size))
    #expect(reply.descriptors.count == (index == 0 ? 1 : 0))
  }

  /// Kind of interrupt, its flags and number.
  @Test(arguments: [(0, 7, 1), (1, 9, 1), (2, 1, 0), (3, 1, 1), (4, 1, 0)])
  func `each kind of interrupt has its number`(index: Int, flags: Int, count: Int) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let reply = try stage.client().request(.interruptInfo, Array(Self.question(UInt32(index), room: 16).prefix(16)))
    #expect(
      (1..<4).map { reply.body.number(UInt32.self, at: 4 * $0) } == [UInt32(flags), UInt32(index), UInt32(count)])
  }

  @Test func `questions with no room for an answer, or for what does not exist, are refused`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.request(.deviceInfo, [15, 0, 0, 0]).code == EINVAL)
    #expect(try client.request(.regionInfo, Self.question(0, room: 31)).code == EINVAL)
    #expect(try client.request(.regionInfo, Self.question(9, room: 64)).code == EINVAL)
    #expect(try client.request(.regionInfo, Self.question(.max, room: 64)).code == EINVAL)
    #expect(try client.request(.interruptInfo, Self.question(5, room: 16)).code == EINVAL)
    for command in MessageCommand.allCases where command != .reset {
      let reply = try client.request(command, [])
      #expect(reply.code == EINVAL || reply.code == ENOTSUP, "\(command)")
      #expect(reply.body.isEmpty)
    }
  }

  /// Commands that are not known, or not offered.
  @Test(arguments: [0, 6, 11, 12, 14, 19, 0xffff] as [UInt16])
  func `an unknown command is answered with an error, and the link stays`(command: UInt16) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try stage.client()
    #expect(try client.request(command: command, [UInt8](repeating: 7, count: 100_000)).code == ENOTSUP)
    #expect(try client.read(UInt16.self, .configuration, 0) == 0x8086)
  }

  static func question(_ index: UInt32, room: UInt32) -> [UInt8] {
    var body: [UInt8] = []
    for number in [room, 0, index, 0, 0, 0, 0, 0] { body.append(number: number) }
    return body
  }
}
