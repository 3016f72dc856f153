import GVTCore
import Glibc
import NIOCore
import Synchronization
import Testing

@testable import GVTDisplay

struct ViewerSocketTests {
  private static let key: [UInt8] = [4, 1, 0, 0, 0, 0, 0, 0x61]
  private static let request: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 1, 0, 1]

  @Test func `an onlooker's hands are tied and its eyes are not`() throws {
    try withFrontEnd(FrontEndPolicy(isViewOnly: true)) { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd)
      try client.send(Self.key + [255, 0, 0, 1, 0, 0, 0, 0x61, 0, 0, 0, 0x1e] + [5, 1, 0, 0, 0, 0])
      try client.send([6, 0, 0, 0, 0, 0, 0, 1, 65] + [250, 0, 1, 2] + [251, 0, 1, 0, 1, 0, 0, 0])
      try client.send([9, 0, 0, 0] + Self.request)
      let seen = PixelRect(x: 0, y: 0, width: 1, height: 1)
      try waitUntil("the request has come") { deliveries.messages.count == 2 }
      #expect(deliveries.messages == [.ignored(type: 9), .updateRequest(rect: seen, isIncremental: false)])
      #expect(try deliveries.firstViewer().isViewOnly)
    }
  }

  @Test func `a flood stops at the socket until somebody acknowledges it`() throws {
    var limits = FrontEndLimits()
    limits.unacknowledgedMessages = 16
    try withFrontEnd(limits: limits, into: Deliveries(acknowledges: false)) { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd)
      let viewer = try deliveries.firstViewer()
      let flood = [UInt8]((0..<10_000).flatMap { _ in Self.request })
      var sent = 0
      var refusals = 0
      while refusals < 50 {
        let taken = client.sendSome(Array(flood[(sent % 10)...]))
        sent += taken
        refusals = taken == 0 ? refusals + 1 : 0
        if taken == 0 { usleep(1000) }
        try #require(sent < 64 << 20, "the front end swallows without end")
      }
      #expect(deliveries.messages.count == 16)
      for round in 1...20 {
        viewer.acknowledge(messages: 16)
        try waitUntil("more has come") { deliveries.messages.count == 16 * (round + 1) }
      }
      usleep(5000)
      #expect(deliveries.messages.count == 16 * 21)
    }
  }

  @Test func `pointer moves that nobody has looked at yet are merged and clicks are not`() throws {
    var limits = FrontEndLimits()
    limits.unacknowledgedMessages = 8
    try withFrontEnd(limits: limits, into: Deliveries(acknowledges: false)) { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd)
      func move(_ buttons: UInt8, _ x: UInt8) -> [UInt8] { [5, buttons, 0, x, 0, 0] }
      try client.send(Self.request + Self.request)
      try waitUntil("two messages have come") { deliveries.messages.count == 2 }
      try client.send(move(0, 1) + move(0, 2) + move(1, 2) + move(0, 2) + move(0, 3) + Self.key + move(0, 4))
      try waitUntil("the rest has come") { deliveries.messages.count == 7 }
      let points = deliveries.messages.compactMap { message -> [Int]? in
        if case .pointer(let state) = message { [Int(state.buttons.rawValue), state.position.x] } else { nil }
      }
      #expect(points == [[0, 2], [1, 2], [0, 3], [0, 4]])
    }
  }

  @Test func `bytes that the network does not take are pending until it does`() throws {
    try withFrontEnd { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd, receiveBuffer: 8192)
      let viewer = try deliveries.firstViewer()
      let drained = Atomic<Int>(0)
      viewer.whenDrained { drained.add(1, ordering: .relaxed) }
      #expect(drained.load(ordering: .relaxed) == 1, "nothing is pending yet")
      let portion = ByteBuffer(repeating: 7, count: 1 << 20)
      viewer.send([portion, portion])
      viewer.send([portion, portion])
      viewer.whenDrained { drained.add(1, ordering: .relaxed) }
      usleep(50_000)
      #expect(viewer.pendingBytes > 0)
      #expect(drained.load(ordering: .relaxed) == 1)
      #expect(try client.receive(4 << 20).allSatisfy { $0 == 7 })
      try waitUntil("all is drained") { drained.load(ordering: .relaxed) == 2 }
      #expect(viewer.pendingBytes == 0)
    }
  }

  @Test func `a socket that takes nothing for too long is closed`() throws {
    var limits = FrontEndLimits()
    limits.stallTimeout = 0.1
    try withFrontEnd(limits: limits) { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd, receiveBuffer: 8192)
      let viewer = try deliveries.firstViewer()
      usleep(250_000)
      #expect(deliveries.left.isEmpty, "silence is no stall")
      viewer.send([ByteBuffer(repeating: 7, count: 8 << 20)])
      let drained = Atomic<Bool>(false)
      viewer.whenDrained { drained.store(true, ordering: .relaxed) }
      try waitUntil("the stalled viewer has left") { deliveries.left == [viewer.id] }
      try waitUntil("nothing is pending") { viewer.pendingBytes == 0 && drained.load(ordering: .relaxed) }
      client.endOutput()
    }
  }

  @Test func `a viewer that is hung up on leaves once and takes nothing more`() throws {
    try withFrontEnd { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd)
      let viewer = try deliveries.firstViewer()
      viewer.close(reason: "test")
      viewer.send([ByteBuffer(bytes: [1])])
      #expect(try client.receiveAll() == [])
      try waitUntil("it has left") { deliveries.left == [viewer.id] }
      viewer.close(reason: "again")
      viewer.acknowledge(messages: 0)
      #expect(viewer.pendingBytes == 0)
    }
  }

  @Test(arguments: ClientMessageDecoderTests.cases)
  func `a viewer may vanish in the middle of any message`(_ example: ClientMessageDecoderTests.Case) throws {
    try withFrontEnd { frontEnd, deliveries in
      for cut in 1..<example.bytes.count {
        let client = try RawClient.joined(frontEnd)
        try client.send(Array(example.bytes[..<cut]))
      }
      let count = example.bytes.count - 1
      try waitUntil("all have left") { deliveries.left.count == count }
      #expect(Set(deliveries.left) == Set(deliveries.viewers.map(\.id)))
    }
  }

  @Test func `garbage is hung up on`() throws {
    try withFrontEnd { frontEnd, deliveries in
      let client = try RawClient.joined(frontEnd)
      try client.send([77])
      #expect(try client.receiveAll() == [])
      try waitUntil("it has left") { deliveries.left.count == 1 }
    }
  }

  @Test func `stopping says goodbye to everyone`() throws {
    let deliveries = Deliveries()
    try withFrontEnd(into: deliveries) { frontEnd, _ in
      let client = try RawClient.joined(frontEnd)
      _ = try deliveries.firstViewer()
      frontEnd.stop()
      #expect(deliveries.left.count == 1)
      #expect(try client.receiveAll() == [])
      frontEnd.stop()
    }
  }
}
