// The daemon: configuration folder, signals, control socket and displays on one loop.
import Foundation
import GVTCore
import Logging

/// Runs until SIGTERM or SIGINT.
final class DaemonProcess {
  private static let settleTime = Int64.milliseconds(30)
  private static let folderRetry = Int64.milliseconds(1000)

  private let folder: ConfigurationFolder
  private let loop: EventLoop
  private let signals: SignalWatch
  private let supervisor: Supervisor
  private let logger: Logger
  private var control: ControlServer?
  private var watch: FolderWatch?
  private var isReloadPlanned = false

  init(_ places: Places, logger: Logger) throws(CommandFailure) {
    folder = ConfigurationFolder(path: places.configuration)
    self.logger = logger
    do throws(SystemFailure) {
      signals = try SignalWatch([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
      loop = try EventLoop()
    } catch {
      throw CommandFailure(error, to: "start the daemon")
    }
    SignalWatch.ignoreBrokenPipes()
    supervisor = Supervisor(on: loop, logger: logger)
    try folder.create()
    control = try ControlServer(
      at: places.socket, group: try Self.groupNumber(in: folder), on: loop, logger: logger
    ) { [unowned self] command, name, file, reply in answer(command, name, file, reply) }
  }

  func run() throws(CommandFailure) {
    do throws(SystemFailure) {
      try loop.watch(signals.descriptor) { [unowned self] _ in takeSignals() }
      watchFolder()
      reload()
      ServiceNotification.send("READY=1\nSTATUS=Serving \(supervisor.report().count) displays")
      logger.info("serving the displays of \(folder.displaysPath)")
      try loop.run()
    } catch {
      throw CommandFailure(error, to: "wait for events")
    }
  }

  private func takeSignals() {
    while let signal = signals.next() {
      switch signal {
      case SIGCHLD: supervisor.reap()
      case SIGHUP: reload()
      default: drain()
      }
    }
  }

  private func drain() {
    logger.info("ending all displays")
    ServiceNotification.send("STOPPING=1")
    control?.stop()
    supervisor.drain { [unowned self] in loop.stop() }
  }

  private func watchFolder() {
    do throws(SystemFailure) {
      let watch = try FolderWatch(folder.displaysPath)
      try loop.watch(watch.descriptor) { [unowned self] _ in folderChanged() }
      self.watch = watch
    } catch {
      logger.warning("cannot watch \(folder.displaysPath) (\(error)); trying again, and SIGHUP works")
      loop.schedule(after: Self.folderRetry) { [unowned self] in
        try? folder.create()
        watchFolder()
        planReload()
      }
    }
  }

  private func folderChanged() {
    guard let watch else { return }
    if watch.changes() == .folderGone {
      loop.unwatch(watch.descriptor)
      self.watch = nil
      try? folder.create()
      watchFolder()
    }
    planReload()
  }

  /// Soon, so that an editor's several steps are one change.
  private func planReload() {
    guard !isReloadPlanned else { return }
    isReloadPlanned = true
    loop.schedule(after: Self.settleTime) { [unowned self] in
      isReloadPlanned = false
      reload()
    }
  }

  private func reload() {
    do throws(CommandFailure) {
      supervisor.want(try folder.entries())
    } catch {
      logger.error("\(error); displays stay as they are")
    }
  }

  private func answer(
    _ command: ControlCommand, _ name: String?, _ file: SharedDescriptor?, _ reply: @escaping (ControlReply) -> Void
  ) {
    switch command {
    case .list: reply(ControlReply(displays: supervisor.report()))
    case .status: reply(status(name ?? ""))
    case .screenshot: screenshot(name ?? "", file, reply)
    case .reload:
      reload()
      reply(ControlReply(displays: supervisor.report()))
    case .help:
      let lines = ControlCommand.allCases.map { ($0.rawValue, $0.summary) }
      reply(ControlReply(commands: Dictionary(uniqueKeysWithValues: lines)))
    }
  }

  private func status(_ name: String) -> ControlReply {
    let found = supervisor.report().filter { $0.name == name }
    return found.isEmpty ? ControlReply(failure: Self.unknown(name)) : ControlReply(displays: found)
  }

  private func screenshot(_ name: String, _ file: SharedDescriptor?, _ reply: @escaping (ControlReply) -> Void) {
    guard let child = supervisor.child(name) else { return reply(ControlReply(failure: Self.unknown(name))) }
    guard let file, (try? Files.isRegular(file.raw)) == true else {
      let failure = CommandFailure(.usage, "screenshot needs a regular file's descriptor along with its line")
      return reply(ControlReply(failure: FailureMessage(failure)))
    }
    child.takeScreenshot(into: file) { failure in reply(ControlReply(failure: failure.map(FailureMessage.init))) }
  }

  private static func unknown(_ name: String) -> FailureMessage {
    FailureMessage(CommandFailure(.missingInput, "there is no display \(name.prefix(64))"))
  }

  private static func groupNumber(in folder: ConfigurationFolder) throws(CommandFailure) -> UInt32? {
    guard let name = try folder.controlGroup() else { return nil }
    guard let number = LocalSocket.group(named: name) else {
      throw CommandFailure(.badData, "\(folder.path)/gvt-vnc.yaml: group: there is no group \"\(name)\"")
    }
    return number
  }
}
