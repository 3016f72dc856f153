// A QMP server that says anything.
import GVTCore
import Glibc

@testable import GVTDisplay

/// Says `bytes` in portions of up to 255, as the first byte has it, and hangs up.
func talkQMP(_ bytes: [UInt8]) {
  do {
    let loop = try EventLoop()
    let numbers = try OwnedDescriptor.socketPair().release()
    let far = OwnedDescriptor(owning: numbers.far)
    var words = VMWords()
    var hasEnded = false
    let connection = try QMPConnection(
      OwnedDescriptor(owning: numbers.near), on: loop,
      events: .init(
        ready: { _ in }, event: { words.heard($0) },
        ended: { ending in
          precondition(!hasEnded, "a connection ends once")
          hasEnded = true
          _ = words.ending(ending, socketPath: "/run/qmp")
        }))
    let portion = max(1, Int(bytes.first ?? 1))
    var rest = bytes.dropFirst()
    while !rest.isEmpty, !hasEnded {
      let next = Array(rest.prefix(portion))
      guard send(far.raw, next, next.count, Int32(MSG_NOSIGNAL)) == next.count else { break }
      rest = rest.dropFirst(portion)
      try loop.turn(waitingAtMost: 0)
    }
    shutdown(far.raw, Int32(SHUT_RDWR))
    if !hasEnded { try loop.turn(waitingAtMost: 0) }
    precondition(hasEnded, "a connection whose peer hangs up ends")
    _ = words.running
    connection.close()
  } catch {
    fatalError("there is no socket to fuzz with: \(error)")
  }
}
