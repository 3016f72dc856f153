// A display thread's work on a test's own thread, turned by hand.
import GVTCore
import Logging

@testable import GVTDisplay

/// One display with a scripted VM, and viewers who come, speak and go.
final class Stage {
  let loop: GVTCore.EventLoop
  let mailbox: Mailbox
  let source: ScriptedSource
  let session: DisplaySession

  init(size: PixelSize = PixelSize(width: 200, height: 130), options: DisplayOptions? = nil) throws {
    loop = try GVTCore.EventLoop()
    mailbox = try Mailbox()
    source = ScriptedSource(size: size)
    let options = options ?? DisplayOptions(title: "vm", listeners: [], maxFramesPerSecond: 1000)
    session = try DisplaySession(
      source: source, options: options, loop: loop, mailbox: mailbox, logger: Logger(label: "test"), onChange: {})
    session.start()
    source.paint { x, y in UInt32(x << 8 | y) }
  }

  func join(_ number: UInt64) -> FakeConnection {
    let connection = FakeConnection(number)
    mailbox.post(.frontEnd(.joined(connection)))
    return connection
  }

  func say(_ connection: FakeConnection, _ messages: ClientMessage...) {
    for message in messages { mailbox.post(.frontEnd(.message(connection.id, message))) }
  }

  /// Runs the display until `isDone`, or for a second.
  func run(until isDone: () -> Bool) throws {
    let end = loop.now + .milliseconds(1000)
    while !isDone() && loop.now < end { try loop.turn(waitingAtMost: .milliseconds(5)) }
  }

  /// Runs the display for as long as it has something to do at once.
  func settle() throws {
    for _ in 0..<20 { try loop.turn(waitingAtMost: .milliseconds(3)) }
  }
}
