import NIOCore
import Testing
import VGPUTesting

@testable import GVTDisplay

struct HandshakeTests {
  private static let challenge = [UInt8](repeating: 5, count: 16)

  /// Feeds `bytes` cut into portions, answering every question with `verdict`.
  private func run(
    _ security: Handshake.SecurityType, _ bytes: [UInt8], portion: Int, _ verdict: Handshake.Verdict = .admitted
  ) -> (sent: [UInt8], others: [Handshake.Action], rest: [UInt8]) {
    var handshake = Handshake(security: security, challenge: Self.challenge)
    var sent: [UInt8] = []
    var others: [Handshake.Action] = []
    func note(_ actions: [Handshake.Action]) {
      for action in actions {
        if case .send(let bytes) = action { sent += bytes } else { others.append(action) }
        if case .decide = action { note(handshake.conclude(verdict)) }
      }
    }
    for start in stride(from: 0, to: bytes.count, by: portion) {
      note(handshake.receive(ByteBuffer(bytes: bytes[start..<min(start + portion, bytes.count)])))
    }
    return (sent, others, Array(buffer: handshake.takeRest()))
  }

  @Test(arguments: 1...40)
  func `a handshake is the same in any portions`(_ portion: Int) {
    let response = [UInt8](repeating: 9, count: 16)
    let none = run(.none, Array("RFB 003.008\n".utf8) + [1, 0, 77, 78], portion: portion)
    #expect(none.sent == [1, 1, 0, 0, 0, 0])
    #expect(none.others == [.decide(response: nil), .join])
    #expect(none.rest == [77, 78])
    let old = run(.vncAuthentication, Array("RFB 003.003\n".utf8) + response + [0], portion: portion)
    #expect(old.sent == [0, 0, 0, 2] + Self.challenge + [0, 0, 0, 0])
    #expect(old.others == [.decide(response: response), .join])
    let middle = run(.vncAuthentication, Array("RFB 003.007\n".utf8) + [2] + response + [0], portion: portion)
    #expect(middle.sent == [1, 2] + Self.challenge + [0, 0, 0, 0])
    #expect(middle.others == [.decide(response: response), .join])
  }

  @Test func `a type that was not offered is refused`() {
    let sneaky = run(.vncAuthentication, Array("RFB 003.008\n".utf8) + [1, 1], portion: 99)
    #expect(sneaky.sent.starts(with: [1, 2, 0, 0, 0, 1]))
    #expect(sneaky.others == [.close("security type 1 was not offered")])
    let older = run(.vncAuthentication, Array("RFB 003.007\n".utf8) + [1, 1], portion: 99)
    #expect(older.sent == [1, 2, 0, 0, 0, 1])
  }

  @Test func `nothing happens after a refusal or before a verdict`() {
    var handshake = Handshake(security: .none, challenge: Self.challenge)
    #expect(handshake.conclude(.admitted) == [])
    #expect(handshake.receive(ByteBuffer(string: "RFB 003.003\n")) == [.decide(response: nil)])
    #expect(handshake.receive(ByteBuffer(bytes: [1])) == [])
    #expect(handshake.conclude(.refused("no")) == [.send([0, 0, 0, 0, 0, 0, 0, 2] + Array("no".utf8)), .close("no")])
    #expect(handshake.conclude(.admitted) == [])
    #expect(handshake.receive(ByteBuffer(bytes: [1])) == [])
  }

  @Test func `a viewer that talks without waiting is bounded`() {
    var handshake = Handshake(security: .none, challenge: Self.challenge)
    _ = handshake.receive(ByteBuffer(string: "RFB 003.003\n"))
    let portion = ByteBuffer(repeating: 0, count: 60_000)
    let actions = (0..<10).flatMap { _ in handshake.receive(portion) }
    #expect(actions == [.close("sent too much before the handshake was over")])
  }

  @Test func `random bytes never trap and never pile up`() {
    var generator = SplitMix(state: 7)
    for round in 0..<2000 {
      let opening: [UInt8] =
        switch round % 4 {
        case 0: []
        case 1: [0] + Array("RFB 003.008\n".utf8) + [1, 1]
        case 2: [252] + Array("RFB 003.003\n".utf8) + [1]
        default: [5] + Array("RFB 003.008\n".utf8) + [2] + Self.challenge + [1]
        }
      var bytes = opening
      for _ in 0..<Int.random(in: 0...400, using: &generator) {
        let known: [UInt8] = [0, 2, 3, 4, 5, 6, 9, 150, 248, 250, 251, 253, 255, 0, 0, 0]
        bytes.append(
          Bool.random(using: &generator)
            ? .random(in: 0...255, using: &generator) : known.randomElement(using: &generator) ?? 0)
      }
      let outcome = ViewerBytes.exercise(bytes)
      #expect(outcome.mostWaiting < 8 * 1024)
    }
    #expect(ViewerBytes.exercise([0] + Array("RFB 003.008\n".utf8) + [1, 1, 9, 0, 0, 0]).messages == 1)
  }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
