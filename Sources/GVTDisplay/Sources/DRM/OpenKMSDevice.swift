// A KMS device that is open, and the one of its screens that is served.
import GVTCore
import Logging

/// One device from its opening to its loss. Display thread only.
final class OpenKMSDevice {
  /// What it tells the source.
  struct Events {
    var pictureChanged: () -> Void
    var cursorChanged: () -> Void
    var refused: (KMSRefusal) -> Void
  }

  /// Connectors are looked at again so often: they may have been moved to another CRTC.
  private static let choiceInterval: Int64 = .milliseconds(5000)
  private static let choiceIntervalWhileOff: Int64 = .milliseconds(200)

  let device: any KMSDevice
  private let spec: DRMSpec
  private let loop: EventLoop
  private let events: Events
  private let importer: DMABufImporter
  private let reader: KMSPlaneReader
  private var watch: FlipWatch?
  private var flips = FlipPacing()
  private var flipTimer: EventLoop.TimerID?
  private var choice: Result<KMSScreen, KMSRefusal>?
  private var lastScreen: UInt32?
  private var nextChoice = Instant(nanoseconds: .min)

  init(
    _ device: any KMSDevice, _ spec: DRMSpec, on loop: EventLoop, logger: Logger, events: Events
  ) throws(SystemFailure) {
    self.device = device
    self.spec = spec
    self.loop = loop
    self.events = events
    importer = DMABufImporter(
      reading: spec.reading, driver: device.driver, device: device.sysfsPath, logger: logger,
      ready: events.pictureChanged, on: loop)
    reader = try KMSPlaneReader(device, path: spec.path, importer: importer, logger: logger) { [unowned loop] in
      loop.now
    }
    watch = FlipWatch(device, on: loop) { [weak self] in self?.lookBetween() }
    try loop.watch(device.eventDescriptor) { [weak self] _ in self?.takeEvents() }
  }

  /// Lets go of everything.
  func close() {
    rest()
    importer.stop()
    loop.unwatch(device.eventDescriptor)
    watch = nil
  }

  /// Nobody looks any more.
  func rest() {
    watch?.stop()
    loop.cancel(flipTimer)
    flipTimer = nil
    reader.rest()
    nextChoice = Instant(nanoseconds: .min)
  }

  /// Throws ``KMSRefusal`` if it does not answer any more.
  func checkIsThere() throws(KMSRefusal) {
    do throws(SystemFailure) {
      _ = try device.resources()
    } catch {
      throw KMSRefusal(error, path: spec.path)
    }
  }

  /// The last capture found a picture that was on its way.
  private(set) var isPictureDue = false

  var cursor: CursorState { reader.cursor }
  var planes: [PlaneReport] { reader.reports }
  var pacing: SourcePacing { flips.pacing(at: loop.now) }
  /// The screen that was served last.
  var currentScreen: KMSScreen? { try? choice?.get() }

  var details: [SourceDetail] {
    var details = [SourceDetail("Driver", device.driver)]
    if let screen = currentScreen {
      details += [
        SourceDetail("CRTC", "\(screen.index)"),
        SourceDetail("Connector", screen.connectors.isEmpty ? "none" : screen.connectors.joined(separator: ", ")),
        SourceDetail("Mode", "\(screen.mode.name), \(screen.mode.refresh) Hz"),
      ]
    }
    details.append(
      SourceDetail(
        "Paced by", watch?.refusal.map { "a timer: vertical blanks are not told (\($0))" } ?? "vertical blanks"))
    details.append(SourceDetail("Pictures replaced while being read", "\(reader.tornPictures)"))
    return details
  }

  // MARK: - Captures

  /// Brings `store` up to date; nil while the picture is on its way.
  func capture(into store: FrameStore) throws(KMSRefusal) -> Damage? {
    let screen = try screen()
    let before = reader.cursor
    let damage = try reader.capture(screen, into: store)
    isPictureDue = damage == nil
    if reader.hasFlipped { noteFlip() }
    watch?.captured(screen.crtc)
    if reader.cursor != before { events.cursorChanged() }
    return damage
  }

  /// Throws why there is no picture, if that is known before one is taken; keeps nothing open.
  func inspect() throws(KMSRefusal) {
    defer { rest() }
    try reader.inspect(try screen())
  }

  /// The screen to serve, with its present mode.
  func screen() throws(KMSRefusal) -> KMSScreen {
    if loop.now < nextChoice, let choice {
      var screen = try choice.get()
      if let state = try? device.crtc(screen.crtc), let mode = state.mode {
        (screen.mode, screen.state) = (mode, state)
        self.choice = .success(screen)
        return screen
      }
    }
    do throws(KMSRefusal) {
      let screen = try choose()
      choice = .success(screen)
      nextChoice = loop.now + Self.choiceInterval
      lastScreen = screen.crtc
      return screen
    } catch {
      choice = .failure(error)
      nextChoice = loop.now + Self.choiceIntervalWhileOff
      throw error
    }
  }

  private func choose() throws(KMSRefusal) -> KMSScreen {
    let topology: KMSTopology
    do throws(SystemFailure) {
      topology = try KMSTopology(of: device)
    } catch {
      throw KMSRefusal(error, path: spec.path)
    }
    return try topology.screen(spec.screen, staying: lastScreen, path: spec.path)
  }

  // MARK: - Between captures

  private func takeEvents() {
    do throws(SystemFailure) {
      if try device.takeEvents() > 0 { watch?.vblank() }
    } catch {
      // Level-triggered: what cannot be read would be announced for ever.
      loop.unwatch(device.eventDescriptor)
      events.refused(KMSRefusal(error, path: spec.path))
    }
  }

  private func lookBetween() {
    guard let screen = currentScreen else { return }
    do throws(KMSRefusal) {
      if try reader.isFlipped(screen, includingCursor: true) {
        noteFlip()
        events.pictureChanged()
      } else if try reader.refreshCursorPosition(screen) {
        watch?.moved()
        events.cursorChanged()
      } else {
        watch?.stoodStill()
      }
    } catch {
      events.refused(error)
    }
  }

  private func noteFlip() {
    flips.noteFlip(at: loop.now)
    watch?.moved()
    if flipTimer == nil {
      flipTimer = loop.schedule(after: FlipPacing.patience) { [weak self] in self?.flipsMayHaveEnded() }
    }
  }

  /// Nobody announces the first change that is not a flip.
  private func flipsMayHaveEnded() {
    flipTimer = nil
    if let end = flips.end(at: loop.now) {
      flipTimer = loop.schedule(at: end) { [weak self] in self?.flipsMayHaveEnded() }
    } else {
      events.pictureChanged()
    }
  }
}
