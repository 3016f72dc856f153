// Keys and pointer as they arrive at a fake QEMU's console.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct QEMUInputSinkTests {
  private let loop: EventLoop
  private let qemu: FakeDisplay
  private let bus: BusConnection
  private let console: ConsoleProxy
  private let sink: QEMUInputSink
  private let frame = PixelSize(width: 64, height: 48)

  init() throws {
    loop = try EventLoop()
    let pair = try OwnedDescriptor.socketPair()
    qemu = try FakeDisplay(try pair.far.duplicate(), on: loop)
    bus = try BusConnection(try pair.near.duplicate(), on: loop)
    console = ConsoleProxy(bus, number: 0)
    sink = QEMUInputSink(console, on: loop, pacer: KeyPacer(interval: 0))
  }

  private func open(isAbsolute: Bool = true) throws {
    qemu.isAbsolute = isAbsolute
    var isOpen = false
    console.open { problem in
      #expect(problem == nil)
      isOpen = true
    }
    try run(loop) { isOpen }
  }

  private func point(_ x: Int, _ y: Int, _ buttons: ButtonMask = [], within size: PixelSize? = nil) {
    sink.send(PointerState(position: PixelPoint(x: x, y: y), buttons: buttons), within: size ?? frame)
  }

  @Test func `keys, buttons and the wheel arrive in order`() throws {
    try open()
    #expect(console.lights == .numLock && console.size == frame)
    sink.send(KeyPress(keysym: 0x61, scanCode: 0x1e, isDown: true))
    point(5, 6, [.left, .side])
    point(5, 6, .wheelDown)
    point(5, 6, [])
    point(5, 6, [.wheelLeft, .wheelRight])
    sink.send(KeyPress(keysym: 0x61, scanCode: 0x1e, isDown: false))
    sink.send(KeyPress(keysym: 0xe9, isDown: true))
    try run(loop) { qemu.calls.last == "Release 30" }
    #expect(
      qemu.calls == [
        "Press 30", "SetAbsPosition 5 6", "Press 0", "Press 5", "Release 0", "Release 5", "Press 4", "Release 4",
        "Press 7", "Release 7", "Press 8", "Release 8", "Release 30",
      ])
    #expect(sink.unknownKeys == 1)
  }

  @Test func `without an absolute device the pointer moves by differences`() throws {
    try open(isAbsolute: false)
    point(10, 10)
    point(12, 7)
    point(12, 7, .left)
    try run(loop) { qemu.calls.last == "Press 0" }
    #expect(qemu.calls == ["RelMotion 2 -3", "Press 0"])
    try qemu.change("Mouse", "IsAbsolute", .bool(true))
    try run(loop) { console.isAbsolute }
    point(13, 8, .left)
    try run(loop) { qemu.calls.last == "SetAbsPosition 13 8" }
    #expect(qemu.calls.last == "SetAbsPosition 13 8")
  }

  @Test func `a position in an older picture is scaled and never outside`() throws {
    try open()
    point(127, 95, within: PixelSize(width: 128, height: 96))
    point(500, 500)
    try run(loop) { qemu.calls.count == 2 }
    #expect(qemu.calls.first == "SetAbsPosition 63 47")
  }

  @Test func `a flood of movements is merged and no release is lost`() throws {
    try open()
    sink.send(KeyPress(keysym: 0x61, scanCode: 0x1e, isDown: true))
    for step in 0..<5000 {
      point(step % 64, step % 48, step % 2 == 0 ? .left : [])
      sink.send(KeyPress(keysym: 0, scanCode: UInt32(1 + step % 100), isDown: true))
    }
    for code in UInt32(1)...100 { sink.send(KeyPress(keysym: 0, scanCode: code, isDown: false)) }
    point(1, 1)
    try run(loop) { qemu.calls.last == "Release 100" || qemu.calls.count > 1000 }
    try run(loop) { qemu.calls.contains("Release 100") && qemu.calls.last?.hasPrefix("SetAbs") == true }
    #expect(qemu.calls.count < 1000)
    for code in 1...100 {
      let last = qemu.calls.last { $0 == "Press \(code)" || $0 == "Release \(code)" }
      if code != 1, code != 2, code != 5 { #expect(last != "Press \(code)") }
    }
    #expect(qemu.calls.last { $0 == "Press 0" || $0 == "Release 0" } == "Release 0")
  }

  @Test func `a size is asked for with its measures in millimetres`() throws {
    try open()
    var answer: String? = "none"
    console.setSize(PixelSize(width: 1920, height: 1080)) { answer = $0 }
    try run(loop) { answer == nil }
    #expect(qemu.calls == ["SetUIInfo 0 0 1920 1080"])
  }

  @Test func `a screen that is not there is named with those that are`() throws {
    qemu.consoles = [0, 1]
    var problem: String?
    ConsoleProxy(bus, number: 4).open { problem = $0 }
    try run(loop) { problem != nil }
    #expect(problem == "There is no console 4 in this VM; it has 0, 1.")
  }

  @Test func `the console's size and lights are followed`() throws {
    try open()
    var sizes: [PixelSize] = []
    var lights: [KeyboardLights] = []
    console.onSize = { sizes.append($0) }
    console.onLights = { lights.append($0) }
    try qemu.change("Console", "Width", .uint32(80))
    try qemu.change("Keyboard", "Modifiers", .uint32(4))
    try qemu.change("Console", "Height", .string("tall"))
    try qemu.change("Elsewhere", "Width", .uint32(1))
    try qemu.change("Console", "Height", .uint32(.max))
    try run(loop) { sizes.count == 2 }
    #expect(sizes == [PixelSize(width: 80, height: 48), PixelSize(width: 80, height: Int(UInt32.max))])
    #expect(lights == [.capsLock])
    GuestScreen().consoleResized(to: sizes[1])
  }
}
