// A vGPU of a VM that some VMM runs, as a display source: served over vfio-user, watched like a monitor.
package import GVTCore
package import Logging

/// `vgpu:/path/to.sock`. The VMM may come, go and come again; the vGPU and its viewers stay.
package final class VGPUSource: DisplaySource {
  /// A viewer that drags its window's corner asks for many sizes; the guest is asked for one at a time.
  private static let plugInterval: Int64 = .milliseconds(400)
  /// Where nothing but a person can help.
  private static let retry: Int64 = .milliseconds(2000)
  /// While nobody looks, news is taken in this often.
  private static let unwatchedInterval: Int64 = .milliseconds(500)

  let spec: VGPUSpec
  let logger: Logger
  let claim: InstanceClaim
  var vgpu: AttachedVGPU?
  var isConnected = false
  /// Where another VM may wait to be shown; see ``handOver(withState:)``.
  var successor: SuccessorVGPU?
  /// While a command saves or moves the VM.
  var holding: Hold?
  /// The VM's QMP socket.
  var qmpPath: String?
  private let words: AttachmentWords
  private var control: InstanceControl?
  var qmp: QMPInput?
  private(set) var loop: EventLoop?
  private(set) var events: SourceEvents?
  private var isWatched = false
  var flips = FlipPacing()
  private var flipTimer: EventLoop.TimerID?
  private var recheck: EventLoop.TimerID?
  private var retryTimer: EventLoop.TimerID?
  private var failure: String?
  private var toldStatus: SourceStatus?
  private var plugTimer: EventLoop.TimerID?
  private var lastPlug = Instant(nanoseconds: .min / 2)
  private var hotSpots = HotSpotFinder()
  private var hotSpotTimer: EventLoop.TimerID?
  /// What the monitor prefers, for this guest and for the next.
  var monitor: Monitor
  package private(set) var cursor = CursorState.unknown
  package private(set) var input: (any InputSink)?

  /// `claim` is kept until the source is stopped.
  package init(_ spec: VGPUSpec, claim: InstanceClaim, logger: Logger) {
    self.spec = spec
    self.claim = claim
    self.logger = logger
    words = AttachmentWords(socketPath: spec.socketPath)
    monitor = spec.configuration.monitor
    qmpPath = spec.qmpPath
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    connectInput()
    if qmpPath == nil {
      logger.notice("this display is view-only: its SPEC names no qmp= socket that takes keys and pointer")
    }
    do {
      control = try InstanceControl(at: claim.record.control, of: self, on: loop)
    } catch {
      logger.warning("gvt-vnc vgpu cannot reach this vGPU: \(error)", metadata: ["socket": "\(claim.record.control)"])
    }
    powerOn()
  }

  private func powerOn() {
    guard let loop else { return }
    do {
      let vgpu = try AttachedVGPU(spec, at: spec.socketPath, monitor: monitor)
      try loop.watch(vgpu.news.wakeUp.descriptor) { [weak self] _ in self?.takeNews() }
      self.vgpu = vgpu
      openSuccessor()
      failure = nil
      logger.info("waiting for a VMM", metadata: ["socket": "\(spec.socketPath)", "type": "\(spec.type.name)"])
    } catch {
      failure = "The vGPU cannot be served at \(spec.socketPath): \(error.reason) (\(error.call))."
      retryTimer = loop.schedule(after: Self.retry) { [weak self] in self?.powerOn() }
    }
    tellStatus()
  }

  package func stop() {
    for timer in [recheck, retryTimer, plugTimer, flipTimer, hotSpotTimer] { loop?.cancel(timer) }
    control?.stop()
    control = nil
    qmp?.stop()
    qmp = nil
    if let vgpu {
      loop?.unwatch(vgpu.news.wakeUp.descriptor)
      vgpu.stop()
    }
    vgpu = nil
    closeSuccessor()
    claim.end()
    events = nil
    loop = nil
  }

  // MARK: - News

  func takeNews() {
    guard let vgpu, let loop else { return }
    let news = vgpu.news.take()
    for event in news.events { take(event, from: vgpu) }
    if news.isMemoryChanged { vgpu.reader.memoryChanged(isWatched: isWatched) }
    if news.picture.hasFlipped { noteFlip(at: loop.now) }
    if news.picture.isPictureChanged || news.isMemoryChanged { vgpu.reader.pictureChanged() }
    if news.picture.isCursorChanged { refreshCursor() }
    tellStatus()
    if news.picture.isPictureChanged || news.isMemoryChanged { events?.pictureChanged() }
    if !isWatched { pauseNews() }
  }

  private func take(_ event: VFIOUserServer.Event, from vgpu: AttachedVGPU) {
    switch event {
    case .connected:
      isConnected = true
      logger.info("a VMM has connected", metadata: ["socket": "\(spec.socketPath)"])
    case .disconnected(let reason):
      isConnected = false
      vgpu.reader.guestIsGone()
      updateCursor()
      logger.info("the VMM has gone: \(reason)", metadata: ["socket": "\(vgpu.socketPath)"])
      followSuccessor()
    case .memoryChanged: break
    case .warning(let sentence): logger.warning("\(sentence)", metadata: ["socket": "\(spec.socketPath)"])
    }
  }

  /// A guest that draws while nobody looks does not wake this thread each time.
  private func pauseNews() {
    guard let descriptor = vgpu?.news.wakeUp.descriptor, let loop else { return }
    loop.unwatch(descriptor)
    loop.schedule(after: Self.unwatchedInterval) { [weak self] in self?.resumeNews(descriptor) }
  }

  func resumeNews(_ descriptor: Int32) {
    guard vgpu?.news.wakeUp.descriptor == descriptor else { return }
    do {
      try loop?.watch(descriptor) { [weak self] _ in self?.takeNews() }
    } catch {
      logger.error("the vGPU's news cannot be watched: \(error)")
    }
  }

  private func noteFlip(at now: Instant) {
    flips.noteFlip(at: now)
    guard flipTimer == nil else { return }
    flipTimer = loop?.schedule(after: FlipPacing.patience) { [weak self] in self?.flipsMayHaveEnded() }
  }

  /// Nobody announces the first change that is not a flip.
  private func flipsMayHaveEnded() {
    flipTimer = nil
    guard let loop else { return }
    if let end = flips.end(at: loop.now) {
      flipTimer = loop.schedule(at: end) { [weak self] in self?.flipsMayHaveEnded() }
    } else {
      events?.pictureChanged()
    }
  }

  func tellStatus() {
    guard status != toldStatus else { return }
    toldStatus = status
    events?.statusChanged()
  }

  // MARK: - The picture

  package func capture(into store: FrameStore) -> Damage {
    guard let vgpu else {
      return store.present(StatusCard(title: "No vGPU", detail: failure ?? "It has not been started."))
    }
    if let card = holding?.card { return store.present(card) }
    guard isConnected else { return store.present(words.card) }
    let damage = vgpu.reader.capture(into: store)
    if case .running = vgpu.reader.status { qmp?.size = store.frame.size }
    tellStatus()
    loop?.cancel(recheck)
    recheck = vgpu.reader.recheckTime.flatMap { time in
      loop?.schedule(at: time) { [weak self] in self?.events?.pictureChanged() }
    }
    return damage
  }

  /// Between two modes of a guest.
  package var isPictureDue: Bool {
    guard isConnected, let vgpu else { return false }
    return vgpu.reader.recheckTime != nil && !vgpu.reader.isPictureThere
  }

  package func setWatched(_ isWatched: Bool) {
    guard isWatched != self.isWatched else { return }
    self.isWatched = isWatched
    guard isWatched, let vgpu else { return }
    // It may be one of its pauses.
    resumeNews(vgpu.news.wakeUp.descriptor)
    takeNews()
    refreshCursor()
  }

  package var status: SourceStatus {
    if let failure { return .failed(failure) }
    guard let vgpu else { return .waiting("The vGPU has not been started.") }
    if let card = holding?.card { return .waiting(card.detail) }
    return isConnected ? vgpu.reader.status : .waiting(words.sentence)
  }

  package var pacing: SourcePacing { loop.map { flips.pacing(at: $0.now) } ?? .polled }

  // MARK: - Pointer and keys

  /// Keys and pointer go where ``qmpPath`` says, if it says something.
  func connectInput() {
    guard let qmpPath, let loop else { return }
    qmp = QMPInput(path: qmpPath, on: loop, logger: logger) { [weak self] in self?.inputChanged() }
  }

  func inputChanged() {
    input = qmp?.sink.map { sink in PointerObserver(sink) { [weak self] in self?.pointed(at: $0) } }
    updateCursor()
    events?.statusChanged()
  }

  /// Where keys and pointer go, for reports.
  var inputSentence: String {
    guard let qmp else { return "none: view-only, as the SPEC names no qmp= socket" }
    return qmp.status ?? "keys and \(qmp.isAbsolute ? "absolute" : "relative") pointer by QMP"
  }

  func refreshCursor() {
    guard let vgpu, isConnected, vgpu.reader.refreshCursor() else { return }
    updateCursor()
    awaitRest()
  }

  func updateCursor() {
    var new = isConnected ? vgpu?.reader.cursor ?? CursorState(image: nil, position: nil) : .unknown
    if let image = new.image, let corner = new.position, image.hotSpot == .zero,
      let hotSpot = hotSpots.hotSpot(of: image)
    {
      new.image?.hotSpot = hotSpot
      new.position = PixelPoint(x: corner.x + hotSpot.x, y: corner.y + hotSpot.y)
    }
    // With an absolute pointer the viewer knows best where it is.
    if qmp?.isAbsolute == true { new.position = nil }
    guard new != cursor else { return }
    cursor = new
    events?.cursorChanged()
  }

  private func pointed(at position: PixelPoint) {
    hotSpots.pointed(at: position)
    awaitRest()
  }

  /// A pointer that rests is where it was put, and then the rest of the way to the image's corner is the hot spot.
  private func awaitRest() {
    guard qmp?.isAbsolute == true, let loop else { return }
    loop.cancel(hotSpotTimer)
    hotSpotTimer = loop.schedule(after: HotSpotFinder.rest) { [weak self] in self?.learnHotSpot() }
  }

  private func learnHotSpot() {
    guard let cursor = vgpu?.reader.cursor, let image = cursor.image, image.hotSpot == .zero else { return }
    guard let corner = cursor.position, hotSpots.rested(image, at: corner) else { return }
    updateCursor()
  }

  // MARK: - Size

  package func requestSize(_ size: PixelSize) -> ResizeAnswer {
    guard vgpu != nil else { return .unsupported }
    guard Monitor.isPossible(size) else { return .invalid }
    monitor.preferred = size
    plug()
    return .forwarded
  }

  private func plug() {
    guard let vgpu, let loop, plugTimer == nil else { return }
    let due = lastPlug + Self.plugInterval
    if loop.now >= due {
      lastPlug = loop.now
      vgpu.device.replaceMonitor(monitor)
    } else {
      plugTimer = loop.schedule(at: due) { [weak self] in
        self?.plugTimer = nil
        self?.plug()
      }
    }
  }
}
