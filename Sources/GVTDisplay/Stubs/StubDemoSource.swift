// A stand-in until DemoSource lands: delete this file then.
import GVTCore
import Logging

final class DemoSource: DisplaySource {
  init(type: InstanceType, size: PixelSize?, logger: Logger) {}
  func start(on loop: EventLoop, events: SourceEvents) {}
  func capture(into store: FrameStore) -> Damage { .nothing(in: PixelSize(width: 640, height: 480)) }
  package var isPictureDue: Bool { false }
  package func setWatched(_ isWatched: Bool) {}
  var status: SourceStatus { .waiting("this source is not there yet") }
  var pacing: SourcePacing { .polled }
  var cursor: CursorState { .unknown }
  var input: (any InputSink)? { nil }
  func requestSize(_ size: PixelSize) -> ResizeAnswer { .unsupported }
  func stop() {}
}
