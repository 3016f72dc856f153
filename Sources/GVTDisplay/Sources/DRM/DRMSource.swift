// What a KMS device scans out, as a display source: opened, followed through its lives, and let go of.
package import GVTCore
package import Logging

/// `drm:/dev/dri/card0`. A device that is not there, may not be opened, was unplugged or is off is a status, not an error: it is
/// tried again until there is a picture.
package final class DRMSource: DisplaySource {
  private static let retry: Int64 = .milliseconds(1000)
  /// Where nothing but a person can help.
  private static let slowRetry: Int64 = .milliseconds(2000)
  /// How long a picture stays when there is none: a mode is set with the screen off and on again.
  private static let patience: Int64 = .milliseconds(250)

  private let spec: DRMSpec
  private let logger: Logger
  private let open: (String) throws(KMSOpenFailure) -> any KMSDevice
  private var loop: EventLoop?
  private var events: SourceEvents?
  private var current: OpenKMSDevice?
  private var folderWatch: FolderWatch?
  private var retryTimer: EventLoop.TimerID?
  private var isAttached = true
  private var isWatched = false
  private var card: StatusCard
  private var hold = PictureHold(for: patience)

  package private(set) var status: SourceStatus

  package convenience init(_ spec: DRMSpec, logger: Logger) {
    self.init(spec, logger: logger) { path throws(KMSOpenFailure) in try KMSNode(path: path) }
  }

  init(
    _ spec: DRMSpec, logger: Logger, open: @escaping (String) throws(KMSOpenFailure) -> any KMSDevice
  ) {
    self.spec = spec
    self.logger = logger
    self.open = open
    let sentence = "Looking for \(spec.path)."
    status = .waiting(sentence)
    card = StatusCard(title: "Starting", detail: sentence)
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    connect()
  }

  package func stop() {
    loop?.cancel(retryTimer)
    letGo()
    events = nil
    loop = nil
  }

  // MARK: - The picture

  package func capture(into store: FrameStore) -> Damage {
    guard let current else { return miss(store) }
    do throws(KMSRefusal) {
      guard let damage = try current.capture(into: store) else {
        // Who takes one picture and goes waits for it; who watches sees the last one until then.
        if !hold.hasPicture { show(.waiting("The first picture is on its way.")) }
        return .nothing(in: store.frame.size)
      }
      hold.show()
      show(.running)
      return damage
    } catch {
      return refused(error, in: store)
    }
  }

  package var isPictureDue: Bool { hold.end != nil || current?.isPictureDue == true }

  package func setWatched(_ isWatched: Bool) {
    guard isWatched != self.isWatched else { return }
    self.isWatched = isWatched
    if !isWatched { current?.rest() }
  }

  package var pacing: SourcePacing { current?.pacing ?? .announced }

  package var cursor: CursorState { current?.cursor ?? .unknown }

  package var input: (any InputSink)? { nil }

  package func requestSize(_ size: PixelSize) -> ResizeAnswer { .unsupported }

  package var planes: [PlaneReport] { current?.planes ?? [] }

  package var details: [SourceDetail] {
    (current?.details ?? []) + [SourceDetail("Input", "none: a KMS device has no way in")]
  }

  /// Keeps a picture for a moment, then shows the card instead.
  private func refused(_ refusal: KMSRefusal, in store: FrameStore) -> Damage {
    if refusal.losesDevice {
      lose(refusal)
    } else if let loop {
      let wasKept = hold.end != nil
      if hold.keeps(at: loop.now) {
        if !wasKept, let end = hold.end { loop.schedule(at: end) { [weak self] in self?.events?.pictureChanged() } }
        return .nothing(in: store.frame.size)
      }
    }
    card = refusal.card
    show(refusal.status)
    return miss(store)
  }

  private func miss(_ store: FrameStore) -> Damage {
    hold.drop()
    return store.present(card)
  }

  private func show(_ status: SourceStatus) {
    guard status != self.status else { return }
    self.status = status
    events?.statusChanged()
  }

  // MARK: - The device

  package func setAttached(_ isAttached: Bool) -> Bool {
    guard isAttached != self.isAttached else { return true }
    self.isAttached = isAttached
    if isAttached {
      connect()
    } else {
      loop?.cancel(retryTimer)
      letGo()
      show(KMSRefusal.waiting("Let go", "\(spec.path) was let go of by request; gvt-vnc attach looks at it again."))
    }
    return true
  }

  private func connect() {
    guard let loop, isAttached, current == nil else { return }
    do throws(KMSOpenFailure) {
      try begin(try open(spec.path), on: loop)
    } catch {
      let refusal = KMSRefusal(error, path: spec.path)
      show(refusal)
      tryAgain(refusal)
    }
  }

  private func begin(_ device: any KMSDevice, on loop: EventLoop) throws(KMSOpenFailure) {
    let opened: OpenKMSDevice
    do throws(SystemFailure) {
      opened = try OpenKMSDevice(
        device, spec, on: loop, logger: logger,
        events: OpenKMSDevice.Events(
          pictureChanged: { [weak self] in self?.events?.pictureChanged() },
          cursorChanged: { [weak self] in self?.events?.cursorChanged() },
          refused: { [weak self] in self?.refused($0) }))
    } catch {
      throw .system(error)
    }
    current = opened
    logger.info("looking at a device of driver \(device.driver)", metadata: ["device": "\(spec.path)"])
    watchFolder()
    do throws(KMSRefusal) {
      try opened.inspect()
      show(.running)
      events?.pictureChanged()
    } catch {
      refused(error)
    }
  }

  /// Something is wrong between two captures.
  private func refused(_ refusal: KMSRefusal) {
    if refusal.losesDevice { lose(refusal) }
    show(refusal)
  }

  private func show(_ refusal: KMSRefusal) {
    card = refusal.card
    show(refusal.status)
    events?.pictureChanged()
  }

  private func lose(_ refusal: KMSRefusal) {
    letGo()
    tryAgain(refusal)
  }

  private func tryAgain(_ refusal: KMSRefusal) {
    var delay = Self.retry
    if case .failed = refusal.status { delay = Self.slowRetry }
    loop?.cancel(retryTimer)
    retryTimer = loop?.schedule(after: delay) { [weak self] in self?.connect() }
  }

  private func letGo() {
    stopWatchingFolder()
    guard let current else { return }
    self.current = nil
    current.close()
    events?.cursorChanged()
  }
}

// The node's folder: who unplugs a device takes its node away, and needs us to let go of it at once, or the next device
// gets another number.
extension DRMSource {
  private var folder: String {
    let parts = spec.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.count > 1 ? parts.joined(separator: "/") : "/"
  }

  private func watchFolder() {
    guard let loop, let watch = try? FolderWatch(folder) else { return }
    folderWatch = watch
    try? loop.watch(watch.descriptor) { [weak self] _ in self?.folderChanged() }
  }

  private func stopWatchingFolder() {
    if let folderWatch { loop?.unwatch(folderWatch.descriptor) }
    folderWatch = nil
  }

  private func folderChanged() {
    guard let change = folderWatch?.changes() else { return }
    if change == .folderGone { stopWatchingFolder() }
    do throws(KMSRefusal) {
      try current?.checkIsThere()
    } catch {
      refused(error)
    }
  }
}
