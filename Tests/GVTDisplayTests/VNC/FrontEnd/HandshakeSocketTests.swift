// The opening over real sockets. What is promised:
//
// 1. The greeting is "RFB 003.008\n"; 3.3, 3.7 and 3.8 are spoken, odd versions as rfbproto says.
// 2. Without a password file the only type is None, with one the only type is VNC Authentication.
// 3. The full password gives full access, the view-only one a look, any other a refusal in the version's own form.
// 4. A changed password file counts at once; an empty or missing one lets nobody in.
// 5. Whoever does not finish in time is hung up on; whoever comes when the display is full is told so.
// 6. Two hundred who come at once are all greeted.
// 7. What a viewer sends together with ClientInit is not lost.
import GVTCore
import NIOCore
import Testing

@testable import GVTDisplay

struct HandshakeSocketTests {
  /// How each version words "welcome" and "no".
  struct Dialect: Sendable, CustomTestStringConvertible {
    let version: String
    let spoken: Int
    var testDescription: String { String(version.dropLast()) }
  }

  static let dialects = [
    Dialect(version: "RFB 003.003\n", spoken: 3), Dialect(version: "RFB 003.005\n", spoken: 3),
    Dialect(version: "RFB 003.007\n", spoken: 7), Dialect(version: "RFB 003.008\n", spoken: 8),
    Dialect(version: "RFB 003.889\n", spoken: 8), Dialect(version: "RFB 004.001\n", spoken: 8),
  ]

  @Test(arguments: dialects)
  func `a viewer without a password joins`(_ dialect: Dialect) throws {
    try withFrontEnd { frontEnd, deliveries in
      let client = try RawClient(frontEnd.addresses[0])
      try client.exchangeVersions(dialect.version)
      if dialect.spoken == 3 {
        #expect(try client.receive(4) == [0, 0, 0, 1])
      } else {
        #expect(try client.receive(2) == [1, 1])
        try client.send([1])
        if dialect.spoken == 8 { #expect(try client.receive(4) == [0, 0, 0, 0]) }
      }
      try client.send([0])
      let viewer = try deliveries.firstViewer()
      #expect(!viewer.isViewOnly)
      #expect(viewer.peer.hasPrefix("127.0.0.1:"))
      viewer.send([.init(bytes: [1, 2]), .init(bytes: [3])])
      #expect(try client.receive(3) == [1, 2, 3])
    }
  }

  @Test(arguments: dialects, ["full", "look", "wrong"])
  func `a password decides what a viewer may do`(_ dialect: Dialect, _ password: String) throws {
    try withPasswords(full: "full\n", viewOnly: "look\nsecond line") { policy in
      try withFrontEnd(policy) { frontEnd, deliveries in
        let client = try RawClient(frontEnd.addresses[0])
        try client.authenticate(as: dialect, password)
        guard password == "wrong" else {
          #expect(try client.receive(4) == [0, 0, 0, 0])
          try client.send([1])
          #expect(try deliveries.firstViewer().isViewOnly == (password == "look"))
          return
        }
        #expect(try client.receive(4) == [0, 0, 0, 1])
        if dialect.spoken == 8 { #expect(try client.receiveReason() == "wrong password") }
        #expect(try client.receiveAll() == [])
        #expect(deliveries.viewers.isEmpty)
      }
    }
  }

  @Test func `a changed password file counts at once and an empty one lets nobody in`() throws {
    try withPasswords(full: "first", viewOnly: nil) { policy in
      try withFrontEnd(policy) { frontEnd, _ in
        let path = try #require(policy.passwordFile)
        let dialect = Self.dialects[3]
        func answer(_ password: String) throws -> UInt8 {
          let client = try RawClient(frontEnd.addresses[0])
          try client.authenticate(as: dialect, password)
          return try client.receive(4)[3]
        }
        #expect(try answer("first") == 0)
        try writeFile(path, "second\r\n")
        #expect(try answer("second") == 0)
        #expect(try answer("first") == 1)
        try writeFile(path, "\n")
        #expect(try answer("second") == 1)
        try NamedFile(path).remove()
        #expect(try answer("second") == 1)
        try writeFile(path, "longer than eight")
        #expect(try answer("longer thief") == 0)
      }
    }
  }

  @Test(arguments: ["", "GET / HTTP/1.1\r\n\r\n", "RFB 003.0x8\n", "RFB 003.00"])
  func `whoever does not speak RFB or stops in the middle is hung up on`(_ bytes: String) throws {
    var policy = FrontEndPolicy()
    policy.handshakeTimeout = 0.05
    try withFrontEnd(policy) { frontEnd, deliveries in
      let client = try RawClient(frontEnd.addresses[0])
      try client.exchangeVersions(bytes)
      #expect(try client.receiveAll() == [])
      #expect(deliveries.viewers.isEmpty)
    }
  }

  @Test(arguments: [Dialect(version: "RFB 003.003\n", spoken: 3), dialects[2], dialects[3]])
  func `one viewer too many is told so and a place that is left is free again`(_ dialect: Dialect) throws {
    try withFrontEnd(FrontEndPolicy(maxViewers: 1)) { frontEnd, deliveries in
      do {
        let first = try RawClient.joined(frontEnd)
        _ = try deliveries.firstViewer()
        let second = try RawClient(frontEnd.addresses[0])
        try second.exchangeVersions(dialect.version)
        switch dialect.spoken {
        case 3: #expect(try second.receive(4) == [0, 0, 0, 0])
        case 7: #expect(try second.receive(1) == [0])
        default:
          #expect(try second.receive(2) == [1, 1])
          try second.send([1])
          #expect(try second.receive(4) == [0, 0, 0, 1])
        }
        #expect(try second.receiveReason() == "too many viewers (limit 1)")
        #expect(try second.receiveAll() == [])
        first.endOutput()
      }
      try waitUntil("the first has left") { deliveries.left.count == 1 }
      let third = try RawClient.joined(frontEnd)
      try waitUntil("the third has joined") { deliveries.viewers.count == 2 }
      third.endOutput()
    }
  }

  @Test func `two hundred who come at once are all greeted`() throws {
    try withFrontEnd { frontEnd, _ in
      let clients = try (0..<200).map { _ in try RawClient(frontEnd.addresses[0]) }
      for client in clients { #expect(try client.receive(12) == Handshake.greeting) }
    }
  }

  @Test func `the oldest unfinished handshake gives way`() throws {
    var limits = FrontEndLimits()
    limits.handshakes = 8
    try withFrontEnd(limits: limits) { frontEnd, _ in
      let clients = try (0..<9).map { _ in
        let client = try RawClient(frontEnd.addresses[0])
        #expect(try client.receive(12) == Handshake.greeting)
        return client
      }
      #expect(try clients[0].receiveAll() == [])
      try clients[1].send(Array("RFB 003.008\n".utf8))
      #expect(try clients[1].receive(2) == [1, 1])
    }
  }

  @Test func `messages sent together with ClientInit are not lost`() throws {
    try withFrontEnd { frontEnd, deliveries in
      let client = try RawClient(frontEnd.addresses[0])
      try client.send(Array("RFB 003.008\n".utf8) + [1, 1] + [4, 1, 0, 0, 0, 0, 0, 0x61])
      try waitUntil("the key has come") { !deliveries.messages.isEmpty }
      #expect(deliveries.messages == [.key(KeyPress(keysym: 0x61, isDown: true))])
    }
  }

  @Test func `guessing makes refusals late and never keeps the right password out`() throws {
    var limits = FrontEndLimits()
    limits.throttle.firstDelay = .milliseconds(60_000)
    limits.throttle.longestDelay = .milliseconds(60_000)
    limits.delayedRefusals = 2
    try withPasswords(full: "right", viewOnly: nil) { policy in
      try withFrontEnd(policy, limits: limits) { frontEnd, deliveries in
        let dialect = Self.dialects[3]
        let guessers = try (0..<4).map { _ in
          let client = try RawClient(frontEnd.addresses[0])
          try client.authenticate(as: dialect, "wrong")
          return client
        }
        #expect(try guessers[0].receive(4) == [0, 0, 0, 1])
        #expect(try guessers[1].receiveAll() == [], "only two refusals may wait, and two more came")
        let client = try RawClient(frontEnd.addresses[0])
        try client.authenticate(as: dialect, "right")
        #expect(try client.receive(4) == [0, 0, 0, 0])
      }
    }
  }

  private func withPasswords(full: String?, viewOnly: String?, _ body: (FrontEndPolicy) throws -> Void) throws {
    try withTemporaryFolder { folder in
      var policy = FrontEndPolicy()
      if let full {
        try writeFile("\(folder)/full", full)
        policy.passwordFile = "\(folder)/full"
      }
      if let viewOnly {
        try writeFile("\(folder)/look", viewOnly)
        policy.viewOnlyPasswordFile = "\(folder)/look"
      }
      try body(policy)
    }
  }
}

extension RawClient {
  /// Up to the answer to the challenge.
  fileprivate func authenticate(as dialect: HandshakeSocketTests.Dialect, _ password: String) throws {
    try exchangeVersions(dialect.version)
    if dialect.spoken == 3 {
      #expect(try receive(4) == [0, 0, 0, 2])
    } else {
      #expect(try receive(2) == [1, 2])
      try send([2])
    }
    let challenge = try receive(16)
    try send(try #require(PasswordCipher.answer(to: challenge, password: Array(password.utf8))))
  }
}
