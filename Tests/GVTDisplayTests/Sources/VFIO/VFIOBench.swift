// A vGPU's display on a loop whose clock the test moves.
import GVTCore
import Logging
import Testing

@testable import GVTDisplay

/// A source, who looks at it, and what they see.
final class VFIOBench {
  let clock = ManualClock()
  let loop: EventLoop
  let host: ScriptedHost
  let source: VFIOSource
  let store = FrameStore(size: PixelSize(width: 320, height: 200))
  private(set) var statusChanges = 0
  private(set) var pictures = 0
  private(set) var cursors = 0

  init(_ host: ScriptedHost, spec: String = "vfio:\(ScriptedHost.first)", isWatched: Bool = true) throws {
    self.host = host
    loop = try EventLoop(clock: clock)
    guard case .vfio(let spec) = try SourceSpec(spec) else { preconditionFailure("a spec of this source") }
    source = VFIOSource(
      spec, access: host, root: host.root, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    source.start(
      on: loop,
      events: SourceEvents(
        pictureChanged: { [unowned self] in pictures += 1 }, cursorChanged: { [unowned self] in cursors += 1 },
        statusChanged: { [unowned self] in statusChanges += 1 }, lightsChanged: { _ in }))
    if isWatched { source.setWatched(true) }
  }

  deinit { source.stop() }

  /// Lets time pass and everything that is due then happen.
  func pass(_ milliseconds: Int64) throws {
    clock.advance(nanoseconds: .milliseconds(milliseconds))
    for _ in 0..<4 { try loop.turn(waitingAtMost: 0) }
  }

  /// Captures after `milliseconds`.
  @discardableResult
  func look(after milliseconds: Int64 = 20) throws -> Damage {
    try pass(milliseconds)
    return source.capture(into: store)
  }

  var colour: UInt32? {
    guard source.status == .running else { return nil }
    return store.frame[store.frame.size.width - 1, store.frame.size.height - 1]
  }

  var sentence: String {
    switch source.status {
    case .running: ""
    case .waiting(let sentence), .failed(let sentence): sentence
    }
  }

  var hasFailed: Bool { if case .failed = source.status { true } else { false } }
  var errors: [String: Int] { source.planes.first?.errors ?? [:] }
}
