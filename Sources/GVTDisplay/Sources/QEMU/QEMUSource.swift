// A QEMU VM's console as a display source: finds the VM, follows it through its lives, and never lets go of the viewers.
package import GVTCore
package import Logging

/// `qemu:` The VM's own QEMU, asked through its QMP socket for a peer-to-peer D-Bus display.
///
/// A VM that is off, starting, rebooting, killed or started again is a status, not an error: the socket is tried again
/// until somebody answers.
package final class QEMUSource: DisplaySource {
  private enum Phase {
    /// Nobody to talk to; another attempt is due.
    case idle
    /// Waiting for QMP's greeting, for the display connection, or for its properties.
    case connecting
    case running
  }

  private let socketPath: String
  private let consoleNumber: Int
  private let logger: Logger
  private let screen = GuestScreen()
  private var log = FaultLog()
  private var words = VMWords()
  private var loop: EventLoop?
  private var events: SourceEvents?

  private var phase = Phase.idle
  private var retryTimer: EventLoop.TimerID?
  private var takeOvers = 0
  private var runningSince: Instant?
  private var qmp: QMPConnection?
  private var bus: BusConnection?
  private var console: ConsoleProxy?
  private var sink: QEMUInputSink?

  private var listener: DisplayListener?
  private var listenerTimer: EventLoop.TimerID?
  private var isWatched = false
  private var isResizable = true
  private var isPatient = true
  private var card = StatusCard(title: "Starting", detail: "Looking for the VM.")

  package private(set) var status = SourceStatus.waiting("Looking for the VM.")
  package let pacing = SourcePacing.announced

  /// `socketPath` is that of a QMP server (`-qmp unix:PATH,server=on,wait=off`) of a QEMU with
  /// `-display dbus,p2p=yes`; `console` counts the VM's screens from 0.
  package init(socketPath: String, console: Int, logger: Logger = Logger(label: "gvt-vnc.qemu")) {
    self.socketPath = socketPath
    consoleNumber = console
    self.logger = logger
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    screen.onPicture = { [weak self] in self?.events?.pictureChanged() }
    screen.onSizeInDoubt = { [weak self] in self?.console?.refreshSize() }
    screen.onCursor = { [weak self] in self?.events?.cursorChanged() }
    connect()
  }

  package func stop() {
    loop?.cancel(retryTimer)
    letGo()
    events = nil
    loop = nil
  }

  package func capture(into store: FrameStore) -> Damage {
    setWatched(true)
    if phase != .running || words.isShutDown { return store.present(card) }
    // The first picture of a VM that was just found is milliseconds away.
    if !screen.hasContent && isPatient { return .nothing(in: store.frame.size) }
    return screen.capture(into: store)
  }

  package var isPictureDue: Bool {
    switch phase {
    case .idle: false
    case .connecting: true
    case .running: !words.isShutDown && isPatient && !screen.hasContent
    }
  }

  package func setWatched(_ isWatched: Bool) {
    guard isWatched != self.isWatched else { return }
    self.isWatched = isWatched
    if isWatched { return listen() }
    // QEMU sends pixels for as long as it has a listener; somebody who is back soon finds it still there.
    listenerTimer = loop?.schedule(after: .milliseconds(5000)) { [weak self] in
      guard let self, !self.isWatched else { return }
      listener?.close()
      listener = nil
    }
  }

  package var cursor: CursorState {
    var cursor = screen.cursor
    // With an absolute pointer the viewer knows best where it is.
    if console?.isAbsolute ?? true { cursor.position = nil }
    return cursor
  }

  package var input: (any InputSink)? { sink }

  package var planes: [PlaneReport] { phase == .running ? screen.planes : [] }

  package func setAttached(_ isAttached: Bool) -> Bool { false }

  package var details: [SourceDetail] { [] }

  package func requestSize(_ size: PixelSize) -> ResizeAnswer {
    guard size.isShowable else { return .invalid }
    guard let console, isResizable else { return .unsupported }
    console.setSize(size) { [weak self] refusal in
      guard let self, let refusal else { return }
      isResizable = false
      logger.info("the VM's screen cannot be resized", metadata: ["reason": "\(refusal)"])
    }
    return .forwarded
  }
}

/// What query-status returns (qapi/run-state.json, StatusInfo).
private struct RunStatus: Decodable { var status: String }

// Finding the VM.
extension QEMUSource {
  private static let answerLimit: Int64 = .milliseconds(10_000)
  private static let retry: Int64 = .milliseconds(500)
  /// Where nothing but a person can help.
  private static let slowRetry: Int64 = .milliseconds(2000)

  private func connect() {
    guard let loop else { return }
    phase = .connecting
    // A QEMU that greets may still be stuck: its greeting comes from a thread of its own.
    retryTimer = loop.schedule(after: Self.answerLimit) { [weak self] in
      let why = "QEMU at \(self?.socketPath ?? "") greets, and then does not answer."
      self?.giveUp(.waiting(why), title: "VM does not answer")
    }
    let events = QMPConnection.Events(
      ready: { [weak self] version in self?.openDisplay(version) },
      event: { [weak self] event in self?.happened(event) },
      ended: { [weak self] ending in self?.lost(ending) })
    do throws(QMPEnding) {
      qmp = try QMPConnection(path: socketPath, on: loop, events: events)
    } catch {
      lost(error)
    }
  }

  private func openDisplay(_ version: String) {
    guard let loop else { return }
    logger.info("QEMU \(version) answers", metadata: ["socket": "\(socketPath)"])
    words = VMWords()
    qmp?.execute("query-status") { [weak self] answer in
      if case .done(let answer) = answer, let status: RunStatus = answer.decode() {
        self?.words.runState(status.status)
      }
    }
    do {
      let pair = try OwnedDescriptor.socketPair()
      let theirs = SharedDescriptor(try pair.far.duplicate())
      let ours = try pair.near.duplicate()
      qmp?.execute("getfd", ["fdname": "gvt-vnc-display"], passing: theirs) { [weak self] answer in
        if case .refused(let why) = answer { self?.refused("take a descriptor", why) }
      }
      bus = try BusConnection(ours, on: loop)
      bus?.onClosed = { [weak self] failure in self?.displayClosed(failure) }
      qmp?.execute("add_client", ["protocol": "@dbus-display", "fdname": "gvt-vnc-display"]) { [weak self] answer in
        switch answer {
        case .done: self?.openConsole()
        case .refused(let why): self?.refused("open its D-Bus display: start it with -display dbus,p2p=yes", why)
        }
      }
    } catch {
      giveUp(.failed("Cannot connect to the VM's display: \(error)."), title: "No connection", after: Self.slowRetry)
    }
  }

  private func openConsole() {
    guard let bus else { return }
    let console = ConsoleProxy(bus, number: consoleNumber)
    self.console = console
    console.onSize = { [weak self] size in self?.screen.consoleResized(to: size) }
    console.onLights = { [weak self] lights in self?.events?.lightsChanged(lights) }
    console.onPointerMode = { [weak self] in self?.events?.cursorChanged() }
    console.open { [weak self, weak console] problem in
      guard let self, let console, self.console === console else { return }
      if let problem { return giveUp(.failed(problem), title: "No such screen", after: Self.slowRetry) }
      isRunning(with: console)
    }
  }

  private func isRunning(with console: ConsoleProxy) {
    phase = .running
    loop?.cancel(retryTimer)
    runningSince = loop?.now
    isResizable = true
    sink = loop.map { QEMUInputSink(console, on: $0) }
    isPatient = true
    loop?.schedule(after: .milliseconds(1000)) { [weak self] in
      guard let self, isPatient else { return }
      isPatient = false
      if !screen.hasContent { events?.pictureChanged() }
    }
    showWords()
    events?.lightsChanged(console.lights)
    listen()
  }

  /// Has QEMU tell us what is on the screen, if somebody looks at it.
  private func listen() {
    guard phase == .running, isWatched, listener == nil, let loop, let console else { return }
    loop.cancel(listenerTimer)
    do {
      let pair = try OwnedDescriptor.socketPair()
      console.register(pair.far) { [weak self] problem in
        guard let self, let problem, phase == .running else { return }
        giveUp(.failed("QEMU does not show its screen: \(problem)."), title: "No picture", after: Self.slowRetry)
      }
      // QEMU authenticates us within RegisterListener and does nothing else until that is through: be there at once.
      listener = try DisplayListener(
        try pair.near.duplicate(), screen: screen, on: loop,
        onFault: { [weak self] call, why in self?.fault(call, why) },
        onClosed: { [weak self] in self?.listenerClosed() })
    } catch {
      giveUp(.failed("Cannot listen to the VM's display: \(error)."), title: "No picture", after: Self.slowRetry)
    }
  }
}

// Losing it.
extension QEMUSource {
  private func happened(_ event: QMPEvent) {
    logger.info("the VM: \(event.name)", metadata: event.reason.map { ["reason": "\($0)"] })
    words.heard(event)
    if phase == .running { showWords() }
  }

  private func lost(_ ending: QMPEnding) {
    let (status, title) = words.ending(ending, socketPath: socketPath)
    if case .failed = status {
      giveUp(status, title: title, after: Self.slowRetry)
    } else {
      giveUp(status, title: title)
    }
  }

  private func refused(_ what: String, _ why: String) {
    giveUp(.failed("QEMU does not \(what). It says: \(why)."), title: "No display", after: Self.slowRetry)
  }

  /// The display's connection is gone. If the VM is gone too, QMP says so in a moment; otherwise there is another client.
  private func displayClosed(_ failure: BusFailure) {
    guard phase != .idle else { return }
    closeDisplay()
    phase = .connecting
    loop?.cancel(retryTimer)
    retryTimer = loop?.schedule(after: .milliseconds(300)) { [weak self] in
      guard let self, qmp != nil else { return }
      // Two programs that both want it take it from each other ever more slowly; one that came once gets one answer.
      let lasted = runningSince.flatMap { since in loop.map { $0.now - since } } ?? 0
      takeOvers = lasted > .milliseconds(120_000) ? 1 : min(takeOvers + 1, 6)
      let seconds = Int64(10 * takeOvers)
      giveUp(
        .waiting("Another program has taken over this VM's display; it is asked for again in \(seconds) s."),
        title: "Taken over", after: .milliseconds(seconds * 1000))
    }
  }

  private func listenerClosed() {
    listener = nil
    listenerTimer = loop?.schedule(after: .milliseconds(500)) { [weak self] in self?.listen() }
  }

  private func giveUp(_ status: SourceStatus, title: String, after delay: Int64 = retry) {
    letGo()
    phase = .idle
    show(status, title: title)
    retryTimer = loop?.schedule(after: delay) { [weak self] in self?.connect() }
  }

  private func letGo() {
    loop?.cancel(retryTimer)
    qmp?.close()
    qmp = nil
    closeDisplay()
    screen.reset()
  }

  private func closeDisplay() {
    loop?.cancel(listenerTimer)
    listener?.close()
    listener = nil
    bus?.close()
    bus = nil
    console = nil
    sink = nil
  }

  private func showWords() {
    let (status, title) = words.running
    show(status, title: title)
  }

  private func show(_ status: SourceStatus, title: String) {
    switch status {
    case .running: card = .noPicture
    case .waiting(let sentence), .failed(let sentence): card = StatusCard(title: title, detail: sentence)
    }
    guard status != self.status else { return }
    self.status = status
    events?.statusChanged()
    events?.pictureChanged()
  }

  private func fault(_ call: String, _ why: String) {
    guard log.isFirst(call) else { return }
    logger.warning("QEMU's \(call) makes no sense", metadata: ["reason": "\(why)"])
  }
}
