// Input as it arrives at a QMP server, which comes and goes.
import Foundation
import GVTCore
import Logging
import Testing

@testable import GVTDisplay

/// A QEMU that answers everything and remembers what it was sent.
private final class FakeQMP {
  let path: String
  private let loop: EventLoop
  private let listener: OwnedDescriptor
  private var channel: LineChannel?
  private(set) var events: [String] = []
  var isAbsolute = true

  init(at path: String, on loop: EventLoop) throws {
    self.path = path
    self.loop = loop
    listener = try LocalSocket.listening(at: path, mode: 0o600, group: nil)
    try loop.watch(listener.raw) { [unowned self] _ in accept() }
  }

  func quit() {
    loop.unwatch(listener.raw)
    try? Files.remove(path)
    channel?.close()
  }

  private func accept() {
    guard let connection = LocalSocket.accepted(from: listener) else { return }
    channel = try? LineChannel(
      connection, on: loop, lineLimit: 65536, onLine: { [unowned self] channel, line in answer(line, channel) },
      onClose: { _ in })
    channel?.send(#"{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}}, "capabilities": []}}"#)
  }

  private func answer(_ line: String, _ channel: LineChannel) {
    guard let command = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { return }
    let id = command["id"] as? Int ?? -1
    if command["execute"] as? String == "query-mice" {
      let mice = #"[{"name": "a", "index": 1, "current": false, "absolute": false}, "#
      let current = #"{"name": "b", "index": 2, "current": true, "absolute": \#(isAbsolute)}]"#
      return channel.send(#"{"return": \#(mice + current), "id": \#(id)}"#)
    }
    let arguments = command["arguments"] as? [String: Any]
    for event in arguments?["events"] as? [[String: Any]] ?? [] {
      let data = try? JSONSerialization.data(withJSONObject: event["data"] ?? [:], options: .sortedKeys)
      events.append("\(event["type"] ?? "") " + String(decoding: data ?? Data(), as: UTF8.self))
    }
    channel.send(#"{"return": {}, "id": \#(id)}"#)
  }
}

struct QMPInputTests {
  private let path = NSTemporaryDirectory() + "gvt-qmp-\(UUID().uuidString.prefix(8))"

  @Test func `keys, buttons, wheel and positions arrive as QMP events`() throws {
    let loop = try EventLoop()
    let qemu = try FakeQMP(at: path, on: loop)
    defer { qemu.quit() }
    var changes = 0
    let input = QMPInput(path: path, on: loop, logger: Logger(label: "test")) { changes += 1 }
    #expect(input.sink == nil && input.status != nil)
    try run(loop) { input.sink != nil }
    input.size = PixelSize(width: 1024, height: 768)
    #expect(changes == 1 && input.status == nil)
    let frame = PixelSize(width: 1024, height: 768)
    input.sink?.send(KeyPress(keysym: 0xff0d, scanCode: 0x9c, isDown: true))
    input.sink?.send(PointerState(position: PixelPoint(x: 512, y: 767), buttons: .right), within: frame)
    input.sink?.send(PointerState(position: PixelPoint(x: 512, y: 767), buttons: .wheelDown), within: frame)
    try run(loop) { qemu.events.count >= 7 }
    #expect(
      qemu.events == [
        #"key {"down":true,"key":{"data":156,"type":"number"}}"#, #"abs {"axis":"x","value":16400}"#,
        #"abs {"axis":"y","value":32746}"#, #"btn {"button":"right","down":true}"#,
        #"btn {"button":"right","down":false}"#, #"btn {"button":"wheel-down","down":true}"#,
        #"btn {"button":"wheel-down","down":false}"#,
      ])
  }

  @Test func `a guest with a mouse only is moved by differences`() throws {
    let loop = try EventLoop()
    let qemu = try FakeQMP(at: path, on: loop)
    defer { qemu.quit() }
    qemu.isAbsolute = false
    let input = QMPInput(path: path, on: loop, logger: Logger(label: "test")) {}
    input.size = PixelSize(width: 100, height: 100)
    try run(loop) { input.sink != nil && !input.isAbsolute }
    for x in [10, 15] {
      input.sink?.send(PointerState(position: PixelPoint(x: x, y: x / 2), buttons: []), within: input.size)
    }
    try run(loop) { qemu.events.count >= 2 }
    #expect(qemu.events == [#"rel {"axis":"x","value":5}"#, #"rel {"axis":"y","value":2}"#])
  }

  @Test func `a QEMU that goes is found again`() throws {
    let loop = try EventLoop()
    var qemu = try FakeQMP(at: path, on: loop)
    var sinks: [Bool] = []
    var input: QMPInput?
    input = QMPInput(path: path, on: loop, logger: Logger(label: "test")) { sinks.append(input?.sink != nil) }
    try run(loop) { input?.sink != nil }
    qemu.quit()
    try run(loop) { input?.sink == nil }
    #expect(input?.status?.contains("QEMU has ended") == true)
    qemu = try FakeQMP(at: path, on: loop)
    let end = loop.now + .milliseconds(3000)
    while input?.sink == nil && loop.now < end { try loop.turn(waitingAtMost: .milliseconds(20)) }
    #expect(sinks == [true, false, true])
    input?.stop()
    qemu.quit()
  }

  @Test(arguments: [1, 2, 800, 1024, 1366, 1920, 3840])
  func `every pixel of a side is reached and told from its neighbour`(_ side: Int) {
    // A guest makes a pixel of an axis of 32768 steps by a division that rounds down.
    let pixels = (0..<side).map { InputEvents.absolute($0, of: side) * side / 32768 }
    #expect(pixels == Array(0..<side))
    #expect(InputEvents.absolute(99999, of: side) == 0x7fff && InputEvents.absolute(3, of: 0) == 0)
  }
}
