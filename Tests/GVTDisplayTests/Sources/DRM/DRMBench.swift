// A `drm:` source on a loop with a clock that the test moves.
import GVTCore
import Logging

@testable import GVTDisplay

final class DRMBench {
  let clock = ManualClock()
  let loop: EventLoop
  let source: DRMSource
  let store = FrameStore(size: PixelSize(width: 200, height: 100))
  private(set) var pictureChanges = 0
  private(set) var cursorChanges = 0
  private(set) var statusChanges = 0
  private let answer: Answer

  /// What opening the node gives now.
  final class Answer {
    var result: Result<FakeKMSDevice, KMSOpenFailure>
    var opens = 0
    init(_ result: Result<FakeKMSDevice, KMSOpenFailure>) { self.result = result }
  }

  init(_ result: Result<FakeKMSDevice, KMSOpenFailure>, screen: DRMSpec.Screen = .first) throws {
    loop = try EventLoop(clock: clock)
    let answer = Answer(result)
    self.answer = answer
    source = DRMSource(
      DRMSpec(path: "/dev/dri/card7", screen: screen), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { _ throws(KMSOpenFailure) in
      answer.opens += 1
      return try answer.result.get()
    }
    source.start(
      on: loop,
      events: SourceEvents(
        pictureChanged: { [unowned self] in pictureChanges += 1 },
        cursorChanged: { [unowned self] in cursorChanges += 1 },
        statusChanged: { [unowned self] in statusChanges += 1 }, lightsChanged: { _ in }))
    source.setWatched(true)
  }

  convenience init(_ device: FakeKMSDevice, screen: DRMSpec.Screen = .first) throws {
    try self.init(.success(device), screen: screen)
  }

  var opens: Int { answer.opens }
  func nowOpening(_ result: Result<FakeKMSDevice, KMSOpenFailure>) { answer.result = result }

  @discardableResult
  func capture() -> Damage { source.capture(into: store) }

  /// Lets time pass, and what is due in it happen.
  func pass(milliseconds: Int64) throws {
    clock.advance(nanoseconds: .milliseconds(milliseconds))
    try loop.turn(waitingAtMost: 0)
  }

  /// Captures when the picture that was kept for a moment is not kept any more.
  func captureAfterHold() throws -> Damage {
    capture()
    try pass(milliseconds: 300)
    return capture()
  }

  var sentence: String? {
    switch source.status {
    case .running: nil
    case .waiting(let sentence), .failed(let sentence): sentence
    }
  }

  func plane(_ kind: PlaneReport.Kind) -> PlaneReport? { source.planes.first { $0.kind == kind } }

  func detail(_ name: String) -> String? { source.details.first { $0.name == name }?.value }
}
