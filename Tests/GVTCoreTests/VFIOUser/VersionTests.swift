// VFIO_USER_VERSION: what client and server agree on.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@Suite struct VersionTests {
  /// The versions that clients propose, and what is answered.
  @Test(arguments: [(0, 0, 0), (0, 1, 1), (0, 7, 1)] as [(UInt16, UInt16, UInt16)])
  func `the answer's version is never higher than what was proposed`(
    major: UInt16, minor: UInt16, answered: UInt16
  ) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try VFIOUserClient(connectingTo: stage.path)
    var body: [UInt8] = []
    body.append(number: major)
    body.append(number: minor)
    let reply = try client.request(.version, body)
    #expect(reply.code == 0)
    #expect(reply.body.number(UInt16.self, at: 0) == major && reply.body.number(UInt16.self, at: 2) == answered)
  }

  @Test func `capabilities are answered as a subset of those proposed`() throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let eager = try VFIOUserClient(connectingTo: stage.path).negotiate()
    let text = String(decoding: eager.body.dropFirst(4).dropLast(), as: UTF8.self)
    #expect(eager.body.last == 0)
    #expect(text.contains("\"write_multiple\":true") && text.contains("\"max_data_xfer_size\":1048576"))
    #expect(stage.wait { $0 == .disconnected(reason: "it hung up") })

    let modest = try VFIOUserClient(connectingTo: stage.path)
    let reply = try modest.request(.version, [0, 0, 0, 0] + Array("{}".utf8) + [0])
    #expect(!String(decoding: reply.body, as: UTF8.self).contains("write_multiple"))
  }

  /// Version messages that are refused.
  @Test(
    arguments: [
      [1, 0, 0, 0], [0, 0], [0, 0, 0, 0, 0x7b], [0, 0, 0, 0] + Array("{\"capabilities\": [".utf8) + [0],
      [0, 0, 0, 0] + Array(repeating: UInt8(ascii: "["), count: 60_000) + [0],
    ] as [[UInt8]])
  func `a version message that makes no sense is refused, and another one is listened to`(body: [UInt8]) throws {
    let stage = try ServerStage()
    defer { stage.end() }
    let client = try VFIOUserClient(connectingTo: stage.path)
    #expect(try client.request(.version, body).code == EINVAL)
    #expect(try client.request(.deviceInfo, [16, 0, 0, 0]).code == EINVAL)
    #expect(try client.negotiate().code == 0)
    #expect(try client.negotiate().code == EINVAL)
    #expect(try client.request(.deviceInfo, [16, 0, 0, 0] + [UInt8](repeating: 0, count: 12)).code == 0)
  }
}
