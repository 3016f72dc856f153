// A display process's own control: signals, and the channel to the daemon that started it.
import Foundation
import GVTCore
import GVTDisplay
import Logging
import Synchronization

/// Runs beside a ``DisplayServer`` on a thread of its own: ends the display on SIGTERM, SIGINT or when its daemon is
/// gone, tells the daemon how the display is doing, and takes screenshots for it.
final class Lifeline {
  private static let reportInterval = Int64.milliseconds(500)
  /// A display that does not stop by then is ended from here.
  private static let patience = Int64.milliseconds(4000)

  private let loop: EventLoop
  private let server: DisplayServer
  private let signals: SignalWatch
  private var channel: LineChannel?
  private var lastReport: DisplayReport?
  private var isStopping = false
  private let screenshots: ScreenshotDesk
  private let name: String
  private var control: DisplayControl?

  private init(_ server: DisplayServer, named name: String, _ signals: SignalWatch) throws(SystemFailure) {
    self.server = server
    self.name = name
    self.signals = signals
    loop = try EventLoop()
    screenshots = try ScreenshotDesk()
  }

  /// Starts the thread. It lasts until the process ends.
  static func start(
    _ server: DisplayServer, named name: String, signals: SignalWatch, channel: SharedDescriptor?
  ) {
    do throws(SystemFailure) {
      _ = try GVTCore.Thread(named: "control") {
        do throws(SystemFailure) {
          try Lifeline(server, named: name, signals).run(channel: channel)
        } catch {
          CommandFailure(error, to: "control this display").endProcess()
        }
      }
    } catch {
      CommandFailure(error, to: "start a thread").endProcess()
    }
  }

  private func run(channel shared: SharedDescriptor?) throws(SystemFailure) {
    try loop.watch(signals.descriptor) { [unowned self] _ in
      while signals.next() != nil { stop() }
    }
    try loop.watch(screenshots.wakeUp.descriptor) { [unowned self] _ in
      for answer in screenshots.takeAnswers() { channel?.send(JSONLine.encode(ChildMessage(screenshot: answer))) }
    }
    listen()
    if let shared {
      channel = try LineChannel(
        try shared.owned.duplicate(), on: loop, lineLimit: JSONLine.limit,
        onLine: { [unowned self] channel, line in receive(line, channel) },
        onClose: { [unowned self] _ in stop() })
      sendReport()
    }
    try loop.run()
  }

  /// A display without a socket of its own serves viewers all the same.
  private func listen() {
    do throws(SystemFailure) {
      control = try DisplayControl(of: server, named: name, in: Places().displays, on: loop)
    } catch {
      Logger(label: name).warning(
        "info, detach and attach cannot reach this display: \(error)", metadata: ["folder": "\(Places().displays)"])
    }
  }

  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    control?.stop()
    server.stop()
    loop.schedule(after: Self.patience) { exit(ExitStatus.internalError.rawValue) }
  }

  private func sendReport() {
    guard let channel, channel.isOpen else { return }
    if let report = server.report(), report != lastReport {
      channel.send(JSONLine.encode(ChildMessage(report: report)))
      lastReport = report
    }
    loop.schedule(after: Self.reportInterval) { [unowned self] in sendReport() }
  }

  private func receive(_ line: String, _ channel: LineChannel) {
    guard let message: ParentMessage = JSONLine.decode(line), let id = message.screenshot else { return }
    guard let file = channel.takeDescriptor() else { return }
    screenshots.take(id, of: server, into: file)
  }
}

/// Screenshots, each on a thread of its own: a picture may take seconds, and a display must end when it is told to.
private final class ScreenshotDesk: Sendable {
  private static let maxAtOnce = 2

  private struct State {
    var running = 0
    var answers: [ScreenshotAnswer] = []
  }

  /// Signalled when ``takeAnswers()`` has something.
  let wakeUp: WakeUp
  private let state = Mutex(State())

  init() throws(SystemFailure) { wakeUp = try WakeUp() }

  func take(_ id: Int, of server: DisplayServer, into file: SharedDescriptor) {
    let isAllowed = state.withLock { state in
      state.running += 1
      return state.running <= Self.maxAtOnce
    }
    guard isAllowed else { return finish(id, CommandFailure(.unavailable, "too many screenshots at once")) }
    do throws(SystemFailure) {
      _ = try GVTCore.Thread(named: "screenshot") { [self] in finish(id, Self.write(server, file)) }
    } catch {
      finish(id, CommandFailure(error, to: "start a thread"))
    }
  }

  func takeAnswers() -> [ScreenshotAnswer] {
    wakeUp.acknowledge()
    return state.withLock { state in
      defer { state.answers = [] }
      return state.answers
    }
  }

  private func finish(_ id: Int, _ failure: CommandFailure?) {
    state.withLock { state in
      state.running -= 1
      state.answers.append(ScreenshotAnswer(id: id, failure: failure.map(FailureMessage.init)))
    }
    wakeUp.signal()
  }

  private static func write(_ server: DisplayServer, _ file: SharedDescriptor) -> CommandFailure? {
    do throws(CommandFailure) {
      let picture = try pictureFile(of: server, patienceSeconds: 2, isPictureNeeded: false)
      do throws(SystemFailure) {
        guard try Files.isRegular(file.raw) else { throw SystemFailure("write", EINVAL) }
        try Files.write(picture, to: file.raw)
        return nil
      } catch {
        throw CommandFailure(error, to: "write the picture", otherwise: .cannotCreate)
      }
    } catch {
      return error
    }
  }
}

/// A display's picture as a PNG file. A source needs a moment to reach its VM, and looks at it only while somebody wants
/// a picture; after `patienceSeconds` it is a failure that there is none or, unless `isPictureNeeded`, the status card counts.
func pictureFile(
  of server: DisplayServer, patienceSeconds: Int64, isPictureNeeded: Bool
) throws(CommandFailure) -> [UInt8] {
  let deadline = MonotonicClock().now + .milliseconds(patienceSeconds * 1000)
  var screenshot: Screenshot?
  var reason: String?
  repeat {
    // The display answers within a second or not at all; a large first picture on a busy host takes longer.
    screenshot = server.screenshot() ?? screenshot
    guard let report = server.report() else { continue }
    reason = report.reason
    if report.state == .running { break }
    usleep(50_000)
  } while MonotonicClock().now < deadline
  guard let screenshot = server.screenshot() ?? screenshot else {
    throw CommandFailure(.unavailable, "the display is too busy to show its picture")
  }
  if isPictureNeeded, let reason { throw CommandFailure(.unavailable, "there is no picture: \(reason)") }
  do throws(PNGFailure) {
    return try encodePNG(size: screenshot.size, pixels: screenshot.pixels)
  } catch {
    throw CommandFailure(.internalError, "the picture cannot be written as PNG: \(error)")
  }
}
