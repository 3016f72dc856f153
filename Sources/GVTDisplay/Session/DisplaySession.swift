// The display thread's hub: joins source, frames, encoding, viewers and input, and knows how none of them work.
import GVTCore
import Logging

/// One display while it is served. Every method runs on the display thread.
final class DisplaySession {
  let loop: EventLoop
  let source: any DisplaySource
  let options: DisplayOptions
  let logger: Logger
  let picture: Picture
  let router: InputRouter
  let screen: LibraryScreen
  var viewers: [ViewerID: Viewer] = [:]
  /// Viewers who came while a picture was on its way and are let in with it.
  var arrivals: [any ViewerConnection] = []
  /// A viewer's wish for a size, until the guest has followed it or did not.
  var pendingResize: (viewer: ViewerID, size: PixelSize, timeout: EventLoop.TimerID)?
  private(set) var lights: KeyboardLights = []
  private let library: LibraryUpdater
  private let mailbox: Mailbox
  private let onChange: @Sendable () -> Void
  private var pacer: CapturePacer
  private var rate: FrameRate
  private var captureTimer: EventLoop.TimerID?
  private var isPumpScheduled = false
  /// The viewers of the batch that is being encoded; the frame stands still as long as there are any.
  private var batches: [UInt64: [ViewerID]] = [:]
  private var nextBatch: UInt64 = 1
  private var watchers = 0
  private var loggedStatus: SourceStatus?

  init(
    source: any DisplaySource, options: DisplayOptions, loop: EventLoop, mailbox: Mailbox, logger: Logger,
    onChange: @escaping @Sendable () -> Void
  ) throws(SystemFailure) {
    self.source = source
    self.options = options
    self.loop = loop
    self.mailbox = mailbox
    self.logger = logger
    self.onChange = onChange
    picture = Picture(size: Self.initialSize, workers: Self.workerCount)
    screen = LibraryScreen(frame: picture.store.frame, title: options.title, logger: logger)
    library = LibraryUpdater(screen: screen)
    router = InputRouter(sink: nil)
    pacer = CapturePacer(maxFramesPerSecond: options.maxFramesPerSecond)
    rate = FrameRate(at: loop.now)
    try loop.watch(mailbox.wakeUp.descriptor) { [weak self] _ in self?.readMail() }
  }

  /// The size of the first status card, until the source has a picture.
  private static let initialSize = PixelSize(width: 1024, height: 768)
  private static let workerCount = 2

  // MARK: The source

  func start() {
    source.start(
      on: loop,
      events: SourceEvents(
        pictureChanged: { [weak self] in self?.pictureChanged() },
        cursorChanged: { [weak self] in self?.cursorChanged() },
        statusChanged: { [weak self] in self?.statusChanged() },
        lightsChanged: { [weak self] lights in self?.lightsChanged(lights) }))
    router.sinkChanged(to: source.input)
  }

  func stop() {
    for viewer in viewers.values { viewer.connection.close(reason: "the display is shut down") }
    source.stop()
    loop.stop()
  }

  private func pictureChanged() {
    pacer.announce()
    if !source.isPictureDue { admitArrivals() }
    schedulePump()
  }

  private func statusChanged() {
    logStatus()
    router.sinkChanged(to: source.input)
    pictureChanged()
    onChange()
  }

  private func logStatus() {
    let status = source.status
    guard status != loggedStatus else { return }
    loggedStatus = status
    switch status {
    case .running: logger.info("the VM has a picture")
    case .waiting(let reason): logger.info("\(reason)")
    case .failed(let reason): logger.warning("\(reason)")
    }
  }

  private func cursorChanged() {
    let cursor = source.cursor
    for viewer in viewers.values { tellCursor(cursor, to: viewer) }
    // For those who have the pointer drawn into the picture.
    if needsOverlay { pacer.announce() }
    schedulePump()
  }

  private func lightsChanged(_ lights: KeyboardLights) {
    self.lights = lights
    router.lightsChanged(lights)
    for viewer in viewers.values { viewer.tell(.lights(lights), if: EncodingNumber.lightState) }
    schedulePump()
  }

  /// Whether anybody looks; a source that nobody looks at does nothing for its picture.
  func watch(_ change: Int) {
    let wasWatched = watchers > 0
    watchers += change
    if watchers > 0 && !wasWatched { source.setWatched(true) }
    if watchers == 0 && wasWatched { source.setWatched(false) }
  }

  func viewersChanged() { onChange() }

  // MARK: Mail

  private func readMail() {
    for mail in mailbox.takeAll() {
      switch mail {
      case .frontEnd(.joined(let connection)): join(connection)
      case .frontEnd(.message(let id, let message)): receive(message, from: id)
      case .frontEnd(.left(let id)): leave(id)
      case .encoded(let batch, let updates): finish(batch, updates)
      case .drained: break
      case .perform(let action): action(self)
      }
    }
    pump()
  }

  // MARK: Capture

  /// Somebody typed, pointed or came: changes are near.
  func noteActivity() { pacer.noteActivity(at: loop.now) }

  var isEncoding: Bool { !batches.isEmpty }

  private var needsOverlay: Bool { viewers.values.contains { form(for: $0) == .withCursor } }

  func form(for viewer: Viewer) -> Picture.Form {
    // Also while the guest hides its pointer: the form with it is where an old one is wiped out.
    source.cursor.isKnown && !viewer.capabilities.drawsCursor ? .withCursor : .plain
  }

  /// Brings the frame up to date and tells every viewer what that changed.
  func capture() {
    precondition(!isEncoding, "the frame stands still while it is encoded")
    let damages = picture.capture(source, needsOverlay: needsOverlay)
    let plain = damages[.plain] ?? .nothing(in: picture.size)
    let now = loop.now
    let hasChanged = damages.values.contains { !$0.isEmpty }
    pacer.noteCapture(at: now, changed: hasChanged)
    if hasChanged { rate.note(at: now) }
    if plain.isResize { frameWasReplaced() }
    for viewer in viewers.values {
      if let damage = damages[form(for: viewer)] { viewer.backlog.add(damage) }
    }
  }

  private func frameWasReplaced() {
    for viewer in viewers.values { settle(viewer) }
    screen.show(picture.store.frame)
    for (id, viewer) in viewers { announceSize(to: viewer, id) }
    if let pending = pendingResize, pending.size == picture.size {
      loop.cancel(pending.timeout)
      pendingResize = nil
    }
    onChange()
  }

  // MARK: Serving

  func schedulePump() {
    guard !isPumpScheduled else { return }
    isPumpScheduled = true
    loop.schedule(after: 0) { [weak self] in
      self?.isPumpScheduled = false
      self?.pump()
    }
  }

  /// Captures if somebody waits and it is time, sends what is due, and arranges to be called again.
  func pump() {
    captureIfDue()
    for viewer in viewers.values where viewer.isReady && viewer.hasNews { serve(viewer) }
    startBatch()
    library.turn(
      picture, now: { loop.now }, isWaiting: { !mailbox.isEmpty },
      finish: { viewer, update in finishUpdate(viewer, update) },
      lose: { $0.connection.close(reason: "libvncserver gave the viewer up") })
    if library.isIdle { scheduleCapture() } else { schedulePump() }
  }

  private var somebodyWaits: Bool { viewers.values.contains { $0.isReady } }

  private func captureIfDue() {
    guard !isEncoding, somebodyWaits else { return }
    if let due = pacer.nextCapture(source.pacing, at: loop.now), due <= loop.now { capture() }
    // A capture may bring the first news of a pointer: those who have it drawn into the picture need it there at once.
    if needsOverlay && !picture.isOverlayCurrent { capture() }
  }

  private func scheduleCapture() {
    loop.cancel(captureTimer)
    captureTimer = nil
    guard !isEncoding, somebodyWaits, let due = pacer.nextCapture(source.pacing, at: loop.now) else { return }
    captureTimer = loop.schedule(at: due) { [weak self] in self?.pump() }
  }

  private var queued: [(id: ViewerID, form: Picture.Form, request: EncodeRequest)] = []

  /// Starts what a ready viewer is due: its frame's new size, pixels from one of the two encoders, or only news.
  private func serve(_ viewer: Viewer) {
    if viewer.owesSize != nil {
      viewer.sendSize(picture.size)
      viewer.backlog.answerRequest()
      return
    }
    let form = form(for: viewer)
    if form == .withCursor && !picture.isOverlayCurrent { return }
    let isTight = viewer.usesTight
    // The frame stands still only for one batch at a time: a Tight viewer waits for the one that is under way.
    if isTight && isEncoding && viewer.backlog.isDue { return }
    guard let part = viewer.backlog.take() else {
      viewer.backlog.answerRequest()
      viewer.sendUpdate(EncodedUpdate(rectangleCount: 0, buffers: []))
      return
    }
    let clip = part.clip.intersection(picture.size.bounds)
    if isTight {
      viewer.isBeingServed = true
      let request = EncodeRequest(
        tiles: part.tiles.fitted(to: picture.size), clip: clip, settings: viewer.capabilities.settings)
      queued.append((viewer.connection.id, form, request))
    } else {
      let rectangles = part.tiles.rectangles().map { $0.intersection(clip) }.filter { !$0.isEmpty }
      library.begin(viewer, form: form, rectangles: rectangles)
    }
  }

  private func startBatch() {
    guard !queued.isEmpty else { return }
    for form in Picture.Form.allCases {
      let part = queued.filter { $0.form == form }
      guard !part.isEmpty else { continue }
      let batch = nextBatch
      nextBatch += 1
      batches[batch] = part.map(\.id)
      let mailbox = self.mailbox
      picture.encoder(form).encode(part.map(\.request), of: picture.frame(form)) {
        mailbox.post(.encoded(batch: batch, $0))
      }
    }
    queued = []
  }

  private func finish(_ batch: UInt64, _ updates: [EncodedUpdate]) {
    guard let ids = batches.removeValue(forKey: batch) else { return }
    for (id, update) in zip(ids, updates) {
      guard let viewer = viewers[id] else { continue }
      viewer.isBeingServed = false
      finishUpdate(viewer, update)
    }
  }

  private func finishUpdate(_ viewer: Viewer, _ update: EncodedUpdate) {
    if viewer.discardsServed {
      // Encoded for a pixel format that the viewer has left since.
      viewer.discardsServed = false
      viewer.backlog.request(picture.size.bounds, isIncremental: false)
      return schedulePump()
    }
    viewer.sendUpdate(update)
  }

  /// What a viewer calls when it has taken everything.
  var wakeOnDrain: @Sendable () -> Void {
    let mailbox = self.mailbox
    return { mailbox.post(.drained) }
  }

  /// Ends an update that libvncserver is half-way through: its zlib streams have moved on, so that what is encoded is sent,
  /// and the rest is due again. After this nothing more comes in the viewer's present format and encoding.
  func settle(_ viewer: Viewer) {
    guard let (update, rest) = library.settle(viewer) else { return }
    viewer.backlog.putBack(rest, isAnswered: update.rectangleCount > 0)
    viewer.sendUpdate(update)
  }

  func forget(_ viewer: Viewer) { library.forget(viewer) }

  // MARK: Reports

  func report(listeners: [ListenAddress], source name: String) -> DisplayReport {
    let (state, reason): (DisplayReport.State, String?) =
      switch source.status {
      case .running: (.running, nil)
      case .waiting(let reason): (.waiting, reason)
      case .failed(let reason): (.failed, reason)
      }
    return DisplayReport(
      state: state, reason: reason, source: name, listeners: listeners.map(\.description),
      viewers: viewers.values.map(\.report).sorted { $0.peer < $1.peer }, width: picture.size.width,
      height: picture.size.height, framesPerSecond: rate.framesPerSecond(at: loop.now),
      details: source.details)
  }
}

extension TileSet {
  /// The same tiles of a picture of another size, for viewers that did not follow a change of size.
  fileprivate func fitted(to size: PixelSize) -> TileSet {
    guard size != self.size else { return self }
    var set = TileSet(size: size)
    for rect in rectangles() { set.insert(tilesTouching: rect) }
    return set
  }
}
