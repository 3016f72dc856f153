// What a KMS device scans out, as a display source.
package import GVTCore
package import Logging

/// `drm:…`.
package final class DRMSource: DisplaySource {
  private let spec: DRMSpec
  private let logger: Logger

  package init(_ spec: DRMSpec, logger: Logger) {
    self.spec = spec
    self.logger = logger
  }

  package func start(on loop: EventLoop, events: SourceEvents) {}

  package func capture(into store: FrameStore) -> Damage {
    store.present(StatusCard(title: "No picture", detail: "\(spec)"))
  }

  package var isPictureDue: Bool { false }
  package func setWatched(_ isWatched: Bool) {}
  package var status: SourceStatus { .waiting("\(spec)") }
  package var pacing: SourcePacing { .polled }
  package var cursor: CursorState { .unknown }
  package var input: (any InputSink)? { nil }
  package func requestSize(_ size: PixelSize) -> ResizeAnswer { .unsupported }
  package var details: [SourceDetail] { [] }
  package var planes: [PlaneReport] { [] }
  package func setAttached(_ isAttached: Bool) -> Bool { false }
  package func stop() {}
}
