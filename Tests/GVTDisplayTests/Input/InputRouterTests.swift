// Several viewers, one keyboard and one pointer.
import GVTCore
import Testing

@testable import GVTDisplay

private final class RecordingSink: InputSink {
  var log: [String] = []

  func send(_ key: KeyPress) {
    let name = key.scanCode.map { String($0, radix: 16) } ?? "keysym " + String(key.keysym, radix: 16)
    log.append((key.isDown ? "+" : "-") + name)
  }

  func send(_ pointer: PointerState, within frame: PixelSize) {
    log.append("\(pointer.position.x),\(pointer.position.y) b\(pointer.buttons.rawValue)")
  }
}

@Suite struct InputRouterTests {
  private let sink = RecordingSink()
  private let router: InputRouter
  private let one = ViewerID(number: 1)
  private let two = ViewerID(number: 2)
  private let size = PixelSize(width: 100, height: 50)

  init() { router = InputRouter(sink: sink) }

  private func press(_ keysym: UInt32, _ viewer: ViewerID) {
    router.key(KeyPress(keysym: keysym, isDown: true), from: viewer)
  }

  private func release(_ keysym: UInt32, _ viewer: ViewerID) {
    router.key(KeyPress(keysym: keysym, isDown: false), from: viewer)
  }

  private func point(_ x: Int, _ y: Int, _ buttons: ButtonMask, _ viewer: ViewerID) {
    router.pointer(
      PointerState(position: PixelPoint(x: x, y: y), buttons: buttons), from: viewer, within: size)
  }

  @Test func `a viewer that leaves lets go of what it holds`() {
    press(0xffe3, one)
    press(0x63, one)
    point(5, 6, [.left, .right], one)
    router.viewerLeft(one)
    #expect(sink.log == ["+1d", "+2e", "5,6 b5", "-2e", "-1d", "5,6 b0"])
  }

  @Test func `a key that two viewers hold goes up with the second`() {
    press(0x61, one)
    press(0x61, two)
    release(0x61, one)
    #expect(sink.log == ["+1e", "+1e"])
    router.viewerLeft(two)
    #expect(sink.log.last == "-1e")
  }

  @Test func `a button stays down while another viewer holds it`() {
    point(1, 1, .left, one)
    point(2, 2, .left, two)
    router.viewerLeft(one)
    #expect(sink.log == ["1,1 b1", "2,2 b1"])
    point(2, 2, [], two)
    #expect(sink.log.last == "2,2 b0")
  }

  @Test func `one viewer's Shift does not change another one's characters`() {
    press(0xffe1, one)
    press(0x61, two)
    #expect(sink.log == ["+2a", "-2a", "+1e", "+2a"])
  }

  @Test func `the pointer stays within the picture and says nothing twice`() {
    point(-5, 900, [], one)
    point(0, 49, [], one)
    point(1_000_000, Int.min, [], one)
    #expect(sink.log == ["0,49 b0", "99,0 b0"])
  }

  @Test func `a new guest's keyboard starts with nothing pressed`() {
    let next = RecordingSink()
    press(0x61, one)
    router.sinkChanged(to: nil)
    press(0x62, one)
    router.sinkChanged(to: next)
    release(0x61, one)
    release(0x62, one)
    press(0x63, one)
    #expect(sink.log == ["+1e"])
    #expect(next.log == ["+2e"])
  }

  @Test func `a character without a key reaches a guest that knows keysyms`() {
    press(0xe9, one)
    release(0xe9, one)
    #expect(sink.log == ["+keysym e9", "-keysym e9"])
  }

  @Test func `the guest's lights decide what CapsLock does`() {
    router.lightsChanged(.capsLock)
    press(0x41, one)
    #expect(sink.log == ["+1e"])
  }
}
