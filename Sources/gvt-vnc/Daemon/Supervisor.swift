// All displays of a daemon or a demo: starts what is wanted, ends what is not, and tells how each is doing.
import GVTCore
import GVTDisplay
import Logging

/// Keeps one process per wanted display, on one loop.
final class Supervisor {
  private let loop: EventLoop
  private let logger: Logger
  private let reportChanged: (DisplayChild) -> Void
  private var children: [String: DisplayChild] = [:]
  /// Displays whose file is wrong, with the reason.
  private var broken: [String: CommandFailure] = [:]
  private var whenGone: (() -> Void)?

  init(on loop: EventLoop, logger: Logger, reportChanged: @escaping (DisplayChild) -> Void = { _ in }) {
    self.loop = loop
    self.logger = logger
    self.reportChanged = reportChanged
  }

  /// Makes these the displays that run. A display whose file has become wrong keeps running as it was.
  func want(_ entries: [ConfigurationFolder.Entry]) {
    guard whenGone == nil else { return }
    let named = Set(entries.map(\.name))
    for child in children.values where !named.contains(child.name) {
      logger.info("\(child.name): disabled")
      child.stop()
    }
    broken = [:]
    for entry in entries {
      switch entry.settings {
      case .success(let settings): want(entry.name, settings)
      case .failure(let failure):
        broken[entry.name] = failure
        logger.error("\(failure)")
      }
    }
    forgetGone()
  }

  /// Takes in which processes have ended.
  func reap() {
    for (id, end) in ChildProcess.reap() {
      children.values.first { $0.process?.id == id }?.ended(end)
    }
    forgetGone()
  }

  /// Ends everything, then calls `done`.
  func drain(_ done: @escaping () -> Void) {
    guard whenGone == nil else { return }
    whenGone = done
    for child in children.values { child.stop() }
    forgetGone()
  }

  func child(_ name: String) -> DisplayChild? { children[name] }

  /// Every display, by name.
  func report() -> [DisplayEntry] {
    let running = children.values.map { DisplayEntry($0, complaint: broken[$0.name]?.description) }
    let others = broken.filter { children[$0.key] == nil }.map { DisplayEntry(name: $0.key, failure: $0.value) }
    return (running + others).sorted { $0.name < $1.name }
  }

  private func want(_ name: String, _ settings: DisplaySettings) {
    if let child = children[name] { return child.update(to: settings) }
    let child = DisplayChild(name: name, settings: settings, on: loop, logger: logger, reportChanged: reportChanged)
    children[name] = child
    logger.info("\(name): starting \(settings.source)")
    child.start()
  }

  private func forgetGone() {
    children = children.filter { !$0.value.isGone }
    if children.isEmpty, let whenGone { whenGone() }
  }
}
