// The demo as a display source: an emulated vGPU in this process, and a guest program that drives it.
package import GVTCore
package import Logging

/// A vGPU with a built-in guest (`vgpu:demo`).
package final class DemoSource: DisplaySource {
  private let type: InstanceType
  private let mode: PixelSize
  private let logger: Logger
  private var machine: Machine?
  private var loop: EventLoop?
  private var events: SourceEvents?
  private var recheck: EventLoop.TimerID?
  private var failure: String?
  private var isWatched = false
  private var toldStatus: SourceStatus?
  private var startTime = Instant(nanoseconds: 0)

  /// All that exists between start and stop.
  private final class Machine {
    let guest: DemoGuest
    let reader: VGPUPlaneReader
    let news: Inbox<PictureNews>
    let input: DemoInput
    private var thread: Thread?

    init(type: InstanceType, mode: PixelSize) throws(SystemFailure) {
      let ram = try GuestRAM(byteCount: type.lowMegabytes << 20)
      let news = try Inbox(PictureNews())
      let device = try VirtualGPUDevice(
        VirtualGPUConfiguration(type: type), memory: GuestMemory(ram.region.map { [$0] } ?? []),
        table: try TranslationTable(),
        onEffect: { effect in news.add { $0.add(effect) } })
      self.news = news
      guest = DemoGuest(device: device, ram: ram, type: type, mode: mode)
      reader = VGPUPlaneReader(device: device)
      input = DemoInput(guest: guest)
      thread = try guest.start()
    }

    func stop() {
      guest.stop()
      thread.take()?.join()
    }
  }

  /// `size` is the first mode; the type's own if it is nil or more than the type can hold.
  package init(type: InstanceType, size: PixelSize?, logger: Logger) {
    self.type = type
    self.logger = logger
    if let size, !GuestDriver.isPossible(size, on: type) {
      logger.warning("\(type.name) cannot hold two pictures of \(size); the guest starts with \(type.resolution)")
    }
    mode = size.flatMap { GuestDriver.isPossible($0, on: type) ? $0 : nil } ?? type.resolution
  }

  package func start(on loop: EventLoop, events: SourceEvents) {
    self.loop = loop
    self.events = events
    startTime = loop.now
    do {
      let machine = try Machine(type: type, mode: mode)
      try loop.watch(machine.news.wakeUp.descriptor) { [weak self] _ in self?.takeEffects() }
      machine.guest.setWatched(isWatched)
      self.machine = machine
    } catch {
      failure = "The demo's vGPU could not be started: \(error.reason) (\(error.call))."
      logger.error("\(failure ?? "")")
      events.statusChanged()
    }
  }

  /// The guest's thread changed something.
  private func takeEffects() {
    guard let machine else { return }
    let news = machine.news.take()
    if news.isCursorChanged, machine.reader.refreshCursor() { events?.cursorChanged() }
    guard news.isPictureChanged else { return }
    machine.reader.pictureChanged()
    tellStatus()
    events?.pictureChanged()
  }

  private func tellStatus() {
    guard status != toldStatus else { return }
    toldStatus = status
    events?.statusChanged()
  }

  package func capture(into store: FrameStore) -> Damage {
    guard let reader = machine?.reader else {
      return store.present(StatusCard(title: "The demo does not run", detail: failure ?? "It has not been started."))
    }
    let damage = reader.capture(into: store)
    tellStatus()
    loop?.cancel(recheck)
    recheck = reader.recheckTime.flatMap { time in
      loop?.schedule(at: time) { [weak self] in self?.events?.pictureChanged() }
    }
    return damage
  }

  /// The guest needs a moment for its first mode, and another one between two modes.
  package var isPictureDue: Bool {
    guard let machine, let loop, !machine.reader.isPictureThere else { return false }
    return machine.reader.recheckTime != nil || loop.now - startTime < .milliseconds(1000)
  }

  package func setWatched(_ isWatched: Bool) {
    self.isWatched = isWatched
    machine?.guest.setWatched(isWatched)
  }

  package var status: SourceStatus {
    if let failure { return .failed(failure) }
    return machine?.reader.status ?? .waiting("The demo has not been started.")
  }

  /// The guest shows each change by a flip, which the vGPU sees.
  package var pacing: SourcePacing { .announced }
  package var cursor: CursorState { machine?.reader.cursor ?? .unknown }
  package var input: (any InputSink)? { machine?.input }

  package var planes: [PlaneReport] { machine?.reader.planes ?? [] }

  package func setAttached(_ isAttached: Bool) -> Bool { false }

  package var details: [SourceDetail] { [SourceDetail("vGPU", type.name), SourceDetail("Guest", "built in")] }

  package func requestSize(_ size: PixelSize) -> ResizeAnswer {
    guard let guest = machine?.guest else { return .unsupported }
    guard GuestDriver.isPossible(size, on: type) else { return .invalid }
    guest.request(size)
    return .forwarded
  }

  package func stop() {
    guard let machine else { return }
    self.machine = nil
    loop?.cancel(recheck)
    loop?.unwatch(machine.news.wakeUp.descriptor)
    machine.stop()
  }
}

/// Hands input to the guest.
private final class DemoInput: InputSink {
  private let guest: DemoGuest

  init(guest: DemoGuest) { self.guest = guest }

  func send(_ key: KeyPress) { guest.add(.key(key)) }

  func send(_ pointer: PointerState, within frame: PixelSize) { guest.add(.pointer(pointer)) }
}
