// Any bytes as a viewer's: the body of the fuzz target, which the tests run too.
import NIOCore

/// Runs bytes through everything that reads what a viewer sends before it is checked.
package enum ViewerBytes {
  /// What came of it; only its making matters.
  package struct Outcome: Equatable, Sendable {
    package var hasJoined = false
    package var messages = 0
    package var mostWaiting = 0
  }

  /// The first byte chooses security, verdict and the size of portions; the rest is what the viewer sends.
  package static func exercise(_ input: some Sequence<UInt8>) -> Outcome {
    var bytes = ByteBuffer(bytes: input)
    let choice = bytes.readInteger(as: UInt8.self) ?? 0
    let portion = 1 + Int(choice >> 2)
    var handshake = Handshake(
      security: choice & 1 == 0 ? .none : .vncAuthentication, challenge: [UInt8](repeating: choice, count: 16))
    let verdict = choice & 2 == 0 ? Handshake.Verdict.admitted : .refused("too many viewers (limit 1)")
    var decoder = ClientMessageDecoder()
    var outcome = Outcome()
    while let next = bytes.readSlice(length: min(portion, bytes.readableBytes)), next.readableBytes > 0 {
      if outcome.hasJoined {
        decoder.append(next)
      } else {
        let actions = complete(handshake.receive(next), in: &handshake, verdict)
        if actions.contains(where: \.isClose) { return outcome }
        outcome.hasJoined = actions.contains(.join)
        if outcome.hasJoined { decoder.append(handshake.takeRest()) }
      }
      guard drain(&decoder, &outcome) else { return outcome }
    }
    return outcome
  }

  private static func complete(
    _ actions: [Handshake.Action], in handshake: inout Handshake, _ verdict: Handshake.Verdict
  ) -> [Handshake.Action] {
    guard case .decide? = actions.last else { return actions }
    return actions + complete(handshake.conclude(verdict), in: &handshake, verdict)
  }

  private static func drain(_ decoder: inout ClientMessageDecoder, _ outcome: inout Outcome) -> Bool {
    do throws(ProtocolViolation) {
      while try decoder.next() != nil { outcome.messages += 1 }
      outcome.mostWaiting = max(outcome.mostWaiting, decoder.waitingBytes)
      return true
    } catch {
      return false
    }
  }
}

extension Handshake.Action {
  fileprivate var isClose: Bool {
    if case .close = self { true } else { false }
  }
}
