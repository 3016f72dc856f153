// The demo guest: a program with a driver and a desktop, on a thread of its own.
import GVTCore

/// Runs from ``start()`` to ``stop()``. While nobody watches, its thread sleeps and its vblanks are masked.
final class DemoGuest: Sendable {
  private let device: VirtualGPUDevice
  private let ram: GuestRAM
  private let type: InstanceType
  private let firstMode: PixelSize
  private let clock: any Clock
  private let inbox = Locked(GuestInbox())

  init(
    device: VirtualGPUDevice, ram: GuestRAM, type: InstanceType, mode: PixelSize, clock: any Clock = MonotonicClock()
  ) {
    self.device = device
    self.ram = ram
    self.type = type
    self.clock = clock
    firstMode = mode
  }

  /// The thread ends after ``stop()``.
  func start() throws(SystemFailure) -> Thread {
    try Thread(named: "demo guest") { [self] in
      var program = GuestProgram(
        desktop: DemoDesktop(
          size: firstMode, possibleModes: Set(DemoDesktop.modes.filter { GuestDriver.isPossible($0, on: type) }),
          title: type.name),
        driver: GuestDriver(device: device, ram: ram), clock: clock)
      program.showFirst()
      run(&program)
    }
  }

  // Any thread:

  func add(_ event: GuestInbox.Event) { change { $0.add(event) } }
  func setWatched(_ isWatched: Bool) { change { $0.isWatched = isWatched } }
  func request(_ size: PixelSize) { change { $0.wantedSize = size } }
  func stop() { change { $0.isStopped = true } }

  private func change(_ body: (inout GuestInbox) -> Void) {
    inbox.withLock(body)
    device.wake()
  }

  // The guest's thread:

  private func run(_ program: inout GuestProgram) {
    while true {
      let news = inbox.withLock { inbox in
        (
          events: inbox.takeEvents(), size: inbox.takeSize(), isWatched: inbox.isWatched, isStopped: inbox.isStopped
        )
      }
      if news.isStopped { break }
      let limit = program.turn(events: news.events, size: news.size, isWatched: news.isWatched)
      if device.waitForInterrupt(until: limit) { program.driver.handleInterrupt() }
    }
    program.driver.turnOff()
  }
}

/// One turn of the guest's main loop, apart from its waiting.
struct GuestProgram {
  private(set) var desktop: DemoDesktop
  var driver: GuestDriver
  private var canvas: Canvas
  private let clock: any Clock
  /// How long the animation has run, and when that was worked out.
  private var animated: Int64 = 0
  private var lastTurn: Instant
  private var lastFlip: Instant
  private var wasWatched = false

  /// Pointer motion alone is not drawn more often.
  private static let motionInterval = Int64.milliseconds(8)

  init(desktop: DemoDesktop, driver: GuestDriver, clock: any Clock) {
    self.desktop = desktop
    self.driver = driver
    self.clock = clock
    canvas = Canvas(size: desktop.size)
    lastTurn = clock.now
    lastFlip = clock.now
  }

  /// Turns the display on.
  mutating func showFirst() {
    desktop.advance(to: 0, .now)
    desktop.draw(desktop.takeDirty(), on: &canvas)
    _ = driver.setMode(showing: canvas)
    driver.showCursor(desktop.cursorShape, at: desktop.pointerPosition)
  }

  /// Takes in what happened and shows it. The answer is when the next turn must come at the latest, interrupts apart.
  mutating func turn(events: [GuestInbox.Event], size: PixelSize?, isWatched: Bool) -> Instant? {
    let now = clock.now
    var isUrgent = isWatched && !wasWatched
    wasWatched = isWatched
    for event in events {
      switch event {
      case .key(let key):
        desktop.handle(key)
        isUrgent = true
      case .pointer(let pointer):
        if pointer.buttons != desktop.buttons { isUrgent = true }
        desktop.handle(pointer)
      }
    }
    if let mode = desktop.takeModeRequest() ?? size, mode != desktop.size { change(to: mode) }
    driver.showCursor(desktop.cursorShape, at: desktop.pointerPosition)
    return show(at: now, isUrgent: isUrgent, isWatched: isWatched)
  }

  private mutating func show(at now: Instant, isUrgent: Bool, isWatched: Bool) -> Instant? {
    let isAnimated = isWatched && !desktop.isStatic
    driver.wantVblanks(isAnimated)
    let before = desktop.step
    if isAnimated {
      // A pause does not count: the animation goes on where it stood.
      animated += min(now - lastTurn, .milliseconds(100))
      desktop.advance(to: Int(animated * Int64(DemoDesktop.stepsPerSecond) / 1_000_000_000), .now)
    }
    lastTurn = now
    guard isWatched, desktop.isDirty else { return nil }
    let due = lastFlip + Self.motionInterval
    if !isUrgent && desktop.step == before && now < due { return due }
    let dirty = desktop.takeDirty()
    desktop.draw(dirty, on: &canvas)
    driver.present(canvas, dirty: dirty)
    lastFlip = now
    return nil
  }

  /// The new picture is ready before the old one goes, so that the screen is dark for a moment only.
  private mutating func change(to mode: PixelSize) {
    desktop = desktop.resized(to: mode)
    canvas = Canvas(size: mode)
    desktop.draw(desktop.takeDirty(), on: &canvas)
    _ = driver.setMode(showing: canvas)
  }
}
