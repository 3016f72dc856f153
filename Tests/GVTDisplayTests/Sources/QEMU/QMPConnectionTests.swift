// QMP as a script speaks it, and as others do who are no QMP server.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

private let greeting =
  #"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}"#

/// Anything at all.
private struct AnyValue: Decodable { init(from decoder: any Decoder) {} }

/// The server's end of a connection, and what the client made of it.
private final class QMPRig {
  let loop: EventLoop
  let far: OwnedDescriptor
  var connection: QMPConnection?
  var ready: String?
  var events: [QMPEvent] = []
  var ending: QMPEnding?

  init(clock: (any Clock)? = nil) throws {
    loop = try clock.map { try EventLoop(clock: $0) } ?? EventLoop()
    let pair = try OwnedDescriptor.socketPair()
    far = try pair.far.duplicate()
    _ = fcntl(far.raw, F_SETFL, O_NONBLOCK)
    connection = try QMPConnection(
      try pair.near.duplicate(), on: loop,
      events: .init(
        ready: { [weak self] in self?.ready = $0 }, event: { [weak self] in self?.events.append($0) },
        ended: { [weak self] in self?.ending = $0 }))
  }

  func say(_ text: String) throws { try say(Array(text.utf8)) }

  func say(_ bytes: [UInt8]) throws {
    _ = unsafe bytes.withUnsafeBytes { unsafe write(far.raw, $0.baseAddress, $0.count) }
    for _ in 0..<5 { try loop.turn(waitingAtMost: 0) }
  }

  /// What the client has said since the last call.
  func heard() throws -> String {
    for _ in 0..<3 { try loop.turn(waitingAtMost: 0) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(far.raw, $0.baseAddress, $0.count) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

@Suite struct QMPConnectionTests {
  @Test func `a greeting is answered and commands get their own answers`() throws {
    let rig = try QMPRig()
    try rig.say(greeting + "\r\n")
    #expect(try rig.heard().contains(#""execute":"qmp_capabilities""#))
    // The greeting's end, an answer and an event may come in any pieces.
    try rig.say(#"{"timestamp": {"seconds": 1}, "event": "RESET", "da"#)
    try rig.say("ta\": {\"guest\": true, \"reason\": \"guest-reset\"}}\n{\"return\": {}, \"id\": 1}\n")
    #expect(rig.ready == "7.2.22")
    #expect(rig.events == [QMPEvent(name: "RESET", isGuestsWish: true, reason: "guest-reset")])
    var answers: [QMPAnswer] = []
    rig.connection?.execute("query-status") { answers.append($0) }
    rig.connection?.execute("getfd", ["fdname": "x"]) { answers.append($0) }
    #expect(try rig.heard().contains(#"{"arguments":{"fdname":"x"},"execute":"getfd","id":3}"#))
    try rig.say(#"{"id": 3, "error": {"class": "GenericError", "desc": "No file descriptor"}}"# + "\n")
    try rig.say(#"{"id": 2, "return": {"status": "paused", "running": false}}"# + "\n")
    #expect(answers.first == .refused("No file descriptor"))
    guard answers.count == 2, case .done(let status) = answers[1] else {
      Issue.record("\(answers)")
      return
    }
    #expect(status.decode(as: [String: AnyValue].self)?.keys.sorted() == ["running", "status"])
    #expect(status.decode(as: [Int].self) == nil)
    #expect(rig.ending == nil)
  }

  @Test(arguments: [
    "RFB 003.008\n", "QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ", "{}]\n", "\u{1}\u{2}\n",
    "{\"QMP\": 1}\n", "{\"QMP\": {\"version\": {}}}\n", "[1,2]\n", "null\n", "{\"id\": \"text\", \"return\": {}}\n",
  ])
  func `somebody who speaks something else is not QMP`(_ text: String) throws {
    let rig = try QMPRig()
    try rig.say(text)
    guard case .notQMP = rig.ending else {
      Issue.record("\(String(describing: rig.ending))")
      return
    }
  }

  @Test func `a line without an end is not kept for ever`() throws {
    let rig = try QMPRig()
    for _ in 0..<64 where rig.ending == nil { try rig.say([UInt8](repeating: UInt8(ascii: "{"), count: 8192)) }
    #expect(rig.ending == .notQMP("a line without an end"))
  }

  @Test func `deeply nested nonsense ends the connection and nothing else`() throws {
    let rig = try QMPRig()
    try rig.say("{\"a\":" + String(repeating: "[", count: 20_000) + "\n")
    #expect(rig.ending != nil)
  }

  @Test func `answers to questions that nobody asked are ignored`() throws {
    let rig = try QMPRig()
    try rig.say(greeting + "\n")
    try rig.say(#"{"return": [], "id": 99}"# + "\n" + #"{"error": {"class": "x", "desc": "y"}}"# + "\n\r\n{}\n")
    try rig.say(#"{"event": "NIC", "data": {"guest": 7, "reason": []}}"# + "\n" + greeting + "\n")
    #expect(rig.ending == nil && rig.ready == nil && rig.events.count == 1)
  }

  @Test func `silence means that another client is connected`() throws {
    let clock = ManualClock()
    let rig = try QMPRig(clock: clock)
    clock.advance(nanoseconds: QMPConnection.greetingLimit - 1)
    try rig.loop.turn(waitingAtMost: 0)
    #expect(rig.ending == nil)
    clock.advance(nanoseconds: 1)
    try rig.loop.turn(waitingAtMost: 0)
    #expect(rig.ending == .silent)
  }

  @Test func `a path where nobody listens is unreachable`() throws {
    let loop = try EventLoop()
    let events = QMPConnection.Events(ready: { _ in }, event: { _ in }, ended: { _ in })
    #expect(throws: QMPEnding.unreachable(SystemFailure("connect", ENOENT))) {
      try QMPConnection(path: "/nonexistent/qmp", on: loop, events: events)
    }
    #expect(throws: QMPEnding.unreachable(SystemFailure("connect", ENAMETOOLONG))) {
      try QMPConnection(path: String(repeating: "x", count: 200), on: loop, events: events)
    }
  }
}

@Suite struct VMWordsTests {
  @Test func `what happened to the VM becomes a sentence`() {
    var words = VMWords()
    #expect(words.running.0 == .running)
    words.heard(QMPEvent(name: "STOP"))
    #expect(words.running.0 == .waiting("The VM is paused."))
    words.heard(QMPEvent(name: "RESUME"))
    #expect(words.running.0 == .running)
    words.heard(QMPEvent(name: "SHUTDOWN", isGuestsWish: true))
    #expect(words.isShutDown && words.running.0 == .waiting("The guest has shut down."))
    #expect(
      words.ending(.closed, socketPath: "/x").0
        == .waiting("The guest has shut down. The VM is shown again as soon as it runs."))
    words.heard(QMPEvent(name: "RESET"))
    #expect(!words.isShutDown)
  }

  @Test(arguments: [ENOENT, ECONNREFUSED]) func `a VM that is off is waited for`(_ code: Int32) {
    guard case .waiting = VMWords().ending(.unreachable(SystemFailure("connect", code)), socketPath: "/x").0 else {
      Issue.record()
      return
    }
  }

  @Test(arguments: [QMPEnding.silent, .notQMP("\"RFB\""), .unreachable(SystemFailure("connect", EACCES))])
  func `what only a person can mend is a failure that names the socket`(_ ending: QMPEnding) {
    guard case .failed(let sentence) = VMWords().ending(ending, socketPath: "/run/vm.qmp").0 else {
      Issue.record()
      return
    }
    #expect(sentence.contains("/run/vm.qmp"))
  }
}
