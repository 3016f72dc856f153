// The demo from outside, as a display uses it: real threads, real memory, a real event loop.
import GVTCore
import Logging
import Testing

@testable import GVTDisplay

/// A demo whose events are counted.
private final class Watcher {
  let loop: EventLoop
  let source: DemoSource
  let store = FrameStore(size: PixelSize(width: 320, height: 200))
  private(set) var pictures = 0
  private(set) var cursors = 0

  init(size: PixelSize = PixelSize(width: 320, height: 240), type name: String = "i915-GVTg_V5_8") throws {
    loop = try EventLoop()
    source = DemoSource(type: try InstanceType(named: name), size: size, logger: Logger(label: "test"))
    source.start(
      on: loop,
      events: SourceEvents(
        pictureChanged: { [unowned self] in pictures += 1 }, cursorChanged: { [unowned self] in cursors += 1 },
        statusChanged: {}, lightsChanged: { _ in }))
  }

  /// Captures until `condition` holds; false after five seconds.
  func until(_ condition: () -> Bool) throws -> Bool {
    let end = loop.now + .milliseconds(5000)
    while loop.now < end {
      _ = source.capture(into: store)
      if condition() { return true }
      try loop.turn(waitingAtMost: .milliseconds(5))
    }
    return false
  }

  /// Runs the loop for a while and says how often the picture changed.
  func changes(within milliseconds: Int64) throws -> Int {
    let before = pictures
    let end = loop.now + .milliseconds(milliseconds)
    while loop.now < end { try loop.turn(waitingAtMost: .milliseconds(5)) }
    return pictures - before
  }

  func press(_ keysym: UInt32) {
    source.input?.send(KeyPress(keysym: keysym, isDown: true))
    source.input?.send(KeyPress(keysym: keysym, isDown: false))
  }

  deinit { source.stop() }
}

@Suite(.serialized)
struct DemoSourceTests {
  @Test func `the guest turns on its display and moves while somebody watches`() throws {
    // Large enough for the video.
    let demo = try Watcher(size: PixelSize(width: 512, height: 480))
    #expect(try demo.until { demo.source.status == .running })
    #expect(demo.store.frame.size == PixelSize(width: 512, height: 480))
    demo.source.setWatched(true)
    #expect(try demo.until { demo.pictures > 3 })
    demo.source.setWatched(false)
    _ = try demo.changes(within: 60)
    #expect(try demo.changes(within: 150) == 0)
  }

  @Test func `a static screen stays still until a key is pressed`() throws {
    let demo = try Watcher(size: PixelSize(width: 400, height: 300))
    demo.source.setWatched(true)
    #expect(try demo.until { demo.source.status == .running && demo.pictures > 2 })
    demo.press(0xffbf)
    _ = try demo.changes(within: 100)
    #expect(try demo.changes(within: 200) == 0)
    _ = demo.source.capture(into: demo.store)
    demo.press(0x41)
    #expect(try demo.changes(within: 100) > 0)
    #expect(!demo.source.capture(into: demo.store).isEmpty)
    #expect(demo.source.capture(into: demo.store).isEmpty)
  }

  @Test func `a viewer's size becomes the guest's mode, unless it is impossible`() throws {
    let demo = try Watcher()
    demo.source.setWatched(true)
    #expect(try demo.until { demo.source.status == .running })
    #expect(demo.source.requestSize(PixelSize(width: 417, height: 255)) == .forwarded)
    #expect(try demo.until { demo.store.frame.size == PixelSize(width: 417, height: 255) })
    #expect(demo.source.requestSize(PixelSize(width: 5120, height: 4096)) == .invalid)
    #expect(demo.source.requestSize(PixelSize(width: 0, height: 10)) == .invalid)
    #expect(demo.source.requestSize(PixelSize(width: 60_000, height: 2)) == .invalid)
  }

  @Test func `the cursor plane follows the pointer`() throws {
    let demo = try Watcher()
    demo.source.setWatched(true)
    #expect(try demo.until { demo.source.status == .running && demo.source.cursor.image != nil })
    #expect(demo.source.cursor.image?.size == PixelSize(width: 64, height: 64))
    let target = PixelPoint(x: 300, y: 10)
    demo.source.input?.send(PointerState(position: target, buttons: []), within: demo.store.frame.size)
    #expect(try demo.until { demo.source.cursor.position == target })
    #expect(demo.source.cursor.image?.hotSpot == CursorShape.arrow.hotSpot)
    #expect(demo.source.cursor.image?.pixels == CursorShape.arrow.pixels)
  }

  @Test func `a stopped demo shows a card and takes nothing amiss`() throws {
    let demo = try Watcher()
    demo.source.stop()
    demo.source.stop()
    _ = demo.source.capture(into: demo.store)
    #expect(demo.source.requestSize(PixelSize(width: 100, height: 100)) == .unsupported)
    #expect(demo.source.input == nil)
  }
}
