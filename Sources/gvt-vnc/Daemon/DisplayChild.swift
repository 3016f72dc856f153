// One display of a daemon: its process, its channel, and what becomes of it when it ends.
import Foundation
import GVTCore
import GVTDisplay
import Logging

/// Keeps `gvt-vnc serve` running for one display, on the daemon's loop.
final class DisplayChild {
  /// A process that does not end by itself after SIGTERM is killed after this many nanoseconds.
  static let patience = Int64.milliseconds(5000)
  private static let screenshotTimeout = Int64.milliseconds(12_000)

  let name: String
  private(set) var settings: DisplaySettings
  private(set) var process: ChildProcess?
  private(set) var report: DisplayReport?
  private(set) var lastEnd: String?
  private(set) var plan = RestartPlan()

  private let loop: EventLoop
  private let logger: Logger
  private let reportChanged: (DisplayChild) -> Void
  private var channel: LineChannel?
  private var announcedFailure: FailureMessage?
  private var startTimer: EventLoop.TimerID?
  private var killTimer: EventLoop.TimerID?
  private var isWanted = true
  private var nextScreenshot = 1
  private var screenshots: [Int: (CommandFailure?) -> Void] = [:]

  init(
    name: String, settings: DisplaySettings, on loop: EventLoop, logger: Logger,
    reportChanged: @escaping (DisplayChild) -> Void
  ) {
    self.name = name
    self.settings = settings
    self.loop = loop
    self.logger = logger
    self.reportChanged = reportChanged
  }

  /// Nothing is left of it.
  var isGone: Bool { !isWanted && process == nil }

  func start() {
    startTimer = nil
    guard isWanted, process == nil else { return }
    do throws(SystemFailure) {
      let ends = try OwnedDescriptor.socketPair()
      process = try ChildProcess(
        executable: "/proc/self/exe", name: "gvt-vnc",
        arguments: settings.serveArguments(name: name) + ["--status-fd", "3"],
        channel: ends.far)
      plan.started(at: loop.now)
      channel = try open(try ends.near.duplicate())
    } catch {
      lastEnd = "cannot start a process: \(error.reason)"
      logger.error("\(name): cannot start a process: \(error)")
      if process == nil { startAgain() }
    }
  }

  /// Follows new settings: a display whose settings changed is started anew with them.
  func update(to settings: DisplaySettings) {
    isWanted = true
    guard settings != self.settings else { return }
    self.settings = settings
    plan = RestartPlan()
    if process != nil { return terminate() }
    loop.cancel(startTimer)
    start()
  }

  /// Ends it for good.
  func stop() {
    isWanted = false
    loop.cancel(startTimer)
    terminate()
  }

  /// Its process has ended.
  func ended(_ end: ChildProcess.End) {
    loop.cancel(killTimer)
    let wasAsked = killTimer != nil
    killTimer = nil
    process = nil
    report = nil
    channel?.close()
    failScreenshots()
    guard isWanted else { return }
    if wasAsked { return start() }
    let reason = reason(for: end)
    // Said once, however often it is tried again.
    logger.log(level: reason == lastEnd ? .debug : .warning, "\(name): ended: \(reason)")
    lastEnd = reason
    startAgain()
  }

  /// Has the display write its picture to `file` and says when it is done.
  func takeScreenshot(into file: SharedDescriptor, _ done: @escaping (CommandFailure?) -> Void) {
    let id = nextScreenshot
    nextScreenshot += 1
    guard let channel, channel.send(JSONLine.encode(ParentMessage(screenshot: id)), with: file) else {
      return done(CommandFailure(.unavailable, "\(name) is not running"))
    }
    screenshots[id] = done
    loop.schedule(after: Self.screenshotTimeout) { [weak self] in
      guard let self, let late = screenshots.removeValue(forKey: id) else { return }
      late(CommandFailure(.unavailable, "\(name) did not answer"))
    }
  }

  private func open(_ near: consuming OwnedDescriptor) throws(SystemFailure) -> LineChannel {
    try LineChannel(
      near, on: loop, lineLimit: JSONLine.limit, onLine: { [unowned self] _, line in receive(line) },
      onClose: { [unowned self] channel in if channel === self.channel { self.channel = nil } })
  }

  private func receive(_ line: String) {
    guard let message: ChildMessage = JSONLine.decode(line) else { return }
    if let report = message.report {
      self.report = report
      reportChanged(self)
    }
    if let failure = message.failure { announcedFailure = failure }
    if let answer = message.screenshot, let done = screenshots.removeValue(forKey: answer.id) {
      done(answer.failure?.failure)
    }
  }

  private func terminate() {
    guard let process, killTimer == nil else { return }
    process.send(SIGTERM)
    killTimer = loop.schedule(after: Self.patience) { [weak self] in
      guard let self, self.process == process else { return }
      logger.warning("\(name): did not end within 5 s; killing it")
      process.send(SIGKILL)
    }
  }

  private func startAgain() {
    let next = plan.ended(at: loop.now)
    startTimer = loop.schedule(at: next) { [weak self] in self?.start() }
  }

  private func reason(for end: ChildProcess.End) -> String {
    defer { announcedFailure = nil }
    if let announcedFailure { return announcedFailure.sentence }
    guard case .exited(let code) = end, let status = ExitStatus(rawValue: code) else { return "\(end)" }
    return "\(end): \(status.meaning)"
  }

  private func failScreenshots() {
    let waiting = screenshots
    screenshots = [:]
    for done in waiting.values { done(CommandFailure(.unavailable, "\(name) ended meanwhile")) }
  }
}
