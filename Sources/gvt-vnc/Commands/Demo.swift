// `demo`: emulated vGPUs with a built-in guest each, to try a viewer on.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay
import Logging

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show emulated vGPUs, each driven by a built-in guest with a small desktop.",
    discussion: "Needs no GPU, no VM and no configuration. Listens at 127.0.0.1 only.")

  @Option(help: ArgumentHelp("How many vGPUs, 1 to 7.", valueName: "n"))
  var guests = 1

  @Option(help: ArgumentHelp("The first guest's port; the others follow. 0 picks free ones.", valueName: "n"))
  var port = 5901

  @Option(help: ArgumentHelp("The resolution of each guest.", valueName: "WxH"))
  var size: String?

  func validate() throws {
    // Seven vGPUs are what the fences of one Gen9 GPU allow.
    guard (1...7).contains(guests) else { throw ValidationError("There are 1 to 7 guests.") }
    guard (0...65535 - 7).contains(port) else { throw ValidationError("A port is a number from 0 to 65528.") }
  }

  func run() throws {
    StandardErrorLog.install()
    let source = try parseSpec("vgpu:demo" + (size.map { "?size=\($0)" } ?? ""))
    let entries = try (0..<guests).map { index in
      let listener = ListenAddress.tcp(host: "127.0.0.1", port: port == 0 ? 0 : port + index)
      try refuseTakenPort(port == 0 ? 0 : port + index)
      var settings = DisplaySettings(source: source, listeners: [listener])
      settings.title = "gvt-vnc demo" + (guests > 1 ? " \(index + 1)" : "")
      return ConfigurationFolder.Entry(name: "demo\(index + 1)", settings: .success(settings))
    }
    try DemoRun(entries).run()
  }

  private func refuseTakenPort(_ port: Int) throws(CommandFailure) {
    guard port != 0, !LocalSocket.isFree(port: port) else { return }
    let owner = PortOwner.find(port: port).map { "by \($0)" } ?? "by another program"
    throw CommandFailure(.unavailable, "port \(port) is taken \(owner); choose another with --port, or --port 0")
  }
}

/// Supervises the demo's displays until SIGTERM or SIGINT.
private final class DemoRun {
  private let loop: EventLoop
  private let signals: SignalWatch
  private let entries: [ConfigurationFolder.Entry]
  private var ready: [String: [String]] = [:]
  private lazy var supervisor = Supervisor(on: loop, logger: Logger(label: "demo")) { [unowned self] in announce($0) }

  init(_ entries: [ConfigurationFolder.Entry]) throws(CommandFailure) {
    self.entries = entries
    SignalWatch.ignoreBrokenPipes()
    do throws(SystemFailure) {
      signals = try SignalWatch([SIGTERM, SIGINT, SIGCHLD])
      loop = try EventLoop()
    } catch {
      throw CommandFailure(error, to: "start the demo")
    }
  }

  func run() throws {
    try loop.watch(signals.descriptor) { [unowned self] _ in takeSignals() }
    supervisor.want(entries)
    try loop.run()
  }

  private func takeSignals() {
    while let signal = signals.next() {
      if signal == SIGCHLD { supervisor.reap() } else { supervisor.drain { [unowned self] in loop.stop() } }
    }
  }

  /// Once all are ready, so that the lines are in the guests' order.
  private func announce(_ child: DisplayChild) {
    guard ready.count < entries.count, let listeners = child.report?.listeners else { return }
    ready[child.name] = listeners
    guard ready.count == entries.count else { return }
    let addresses = entries.flatMap { ready[$0.name] ?? [] }
    for address in addresses { Output.line("ready rfb \(address)") }
    let port = addresses.first?.split(separator: ":").last ?? ""
    Output.line("Connect a viewer, such as: vncviewer 127.0.0.1::\(port)   (Ctrl-C ends the demo)")
  }
}
