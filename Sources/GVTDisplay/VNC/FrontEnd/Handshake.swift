// RFB's opening, up to ClientInit, as a value: bytes in, actions out (rfbproto, Handshaking Messages).
package import NIOCore

/// One viewer's handshake. Knows no sockets, no files and no clock, so that it can be tested and fuzzed as it is.
package struct Handshake {
  /// RFB 3.3, 3.7 or 3.8; others are treated as the nearest of these.
  package enum Version: Int, Comparable, Sendable {
    case v3 = 3
    case v7 = 7
    case v8 = 8
    package static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
  }

  /// The numbers of rfbproto's Security Types.
  package enum SecurityType: UInt8, Sendable {
    case none = 1
    case vncAuthentication = 2
  }

  /// What the owner has to do now, in this order.
  package enum Action: Equatable, Sendable {
    case send([UInt8])
    /// Decide, now or later, and call ``conclude(_:)``. The response is nil when no password is asked.
    case decide(response: [UInt8]?)
    /// ClientInit has come; what follows are messages.
    case join
    /// Nothing more comes out: hang up once everything is sent.
    case close(String)
  }

  /// The owner's decision.
  package enum Verdict: Equatable, Sendable {
    case admitted
    case refused(String)
  }

  private enum State {
    case version, securityType, response, verdict, clientInit, joined, closed
  }

  /// Bytes that may wait before the messages begin: more than any read brings, plus some.
  private static let mostWaiting = 256 * 1024

  /// The server's greeting, to be sent before anything is received.
  package static let greeting = Array("RFB 003.008\n".utf8)

  /// What the viewer speaks, once known.
  package private(set) var version: Version?
  private let security: SecurityType
  private let challenge: [UInt8]
  private var state = State.version
  private var waiting = ByteBuffer()

  /// `challenge` has 16 random bytes.
  package init(security: SecurityType, challenge: [UInt8]) {
    self.security = security
    self.challenge = challenge
  }

  /// Everything that was received after ClientInit.
  package mutating func takeRest() -> ByteBuffer {
    let rest = waiting
    waiting = ByteBuffer()
    return rest
  }

  package mutating func receive(_ bytes: ByteBuffer) -> [Action] {
    guard state != .closed else { return [] }
    waiting.writeImmutableBuffer(bytes)
    guard state == .joined || waiting.readableBytes <= Self.mostWaiting else {
      return close("sent too much before the handshake was over")
    }
    return advance()
  }

  /// Continues after ``Action/decide(response:)``.
  package mutating func conclude(_ verdict: Verdict) -> [Action] {
    guard state == .verdict else { return [] }
    switch verdict {
    case .refused(let reason): return refuse(reason)
    case .admitted:
      state = .clientInit
      return sayAdmitted() + advance()
    }
  }

  private mutating func advance() -> [Action] {
    var actions: [Action] = []
    while let next = step() { actions += next }
    return actions
  }

  /// One step, if enough bytes are there.
  private mutating func step() -> [Action]? {
    switch state {
    case .version: return readVersion()
    case .securityType: return readSecurityType()
    case .response:
      guard let response = waiting.readBytes(length: challenge.count) else { return nil }
      state = .verdict
      return [.decide(response: response)]
    case .clientInit:
      // Its one byte asks for exclusive access, which nobody gets.
      guard waiting.readInteger(as: UInt8.self) != nil else { return nil }
      state = .joined
      return [.join]
    case .verdict, .joined, .closed: return nil
    }
  }

  private mutating func readVersion() -> [Action]? {
    let start = waiting.readableBytesView.prefix(4)
    guard Array("RFB ".utf8).starts(with: start) else { return close("does not speak RFB") }
    guard let text = waiting.readBytes(length: 12) else { return nil }
    guard let version = Self.version(text) else { return close("has a malformed protocol version") }
    self.version = version
    return announceSecurity(version)
  }

  /// `RFB xxx.yyy\n`. The protocol wants 3.5 and other odd ones treated as 3.3; newer ones still speak 3.8.
  private static func version(_ text: [UInt8]) -> Version? {
    let digits = text[4..<7] + text[8..<11]
    guard text[7] == UInt8(ascii: "."), text[11] == UInt8(ascii: "\n") else { return nil }
    guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return number >= 3_008 ? .v8 : number == 3_007 ? .v7 : .v3
  }

  private mutating func announceSecurity(_ version: Version) -> [Action] {
    switch (version, security) {
    case (.v3, .none), (.v7, .none):
      // These two have no SecurityResult for None, so that a refusal has to come before the type is said.
      state = .verdict
      return [.decide(response: nil)]
    case (.v3, .vncAuthentication):
      state = .response
      return [.send([0, 0, 0, security.rawValue] + challenge)]
    case (.v7, .vncAuthentication), (.v8, _):
      state = .securityType
      return [.send([1, security.rawValue])]
    }
  }

  private mutating func readSecurityType() -> [Action]? {
    guard let type = waiting.readInteger(as: UInt8.self) else { return nil }
    guard type == security.rawValue else { return refuse("security type \(type) was not offered") }
    switch security {
    case .none where version == .v7:
      state = .clientInit
      return []
    case .none:
      state = .verdict
      return [.decide(response: nil)]
    case .vncAuthentication:
      state = .response
      return [.send(challenge)]
    }
  }

  private mutating func sayAdmitted() -> [Action] {
    switch (version, security) {
    case (.v3, .none): return [.send([0, 0, 0, 1])]
    case (.v7, .none):
      state = .securityType
      return [.send([1, 1])]
    default: return [.send([0, 0, 0, 0])]
    }
  }

  private mutating func refuse(_ reason: String) -> [Action] {
    let words = Array(reason.utf8)
    let length = UInt32(words.count)
    let counted =
      [UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)] + words
    let answer: [UInt8]
    switch (version, security, state) {
    case (.v3, .none, .verdict): answer = [0, 0, 0, 0] + counted
    case (.v7, .none, .verdict): answer = [0] + counted
    case (.v8, _, _): answer = [0, 0, 0, 1] + counted
    default: answer = [0, 0, 0, 1]
    }
    return [.send(answer)] + close(reason)
  }

  private mutating func close(_ reason: String) -> [Action] {
    state = .closed
    waiting = ByteBuffer()
    return [.close(reason)]
  }
}
