// `serve`: one display, in the foreground. The daemon and the demo run this too.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay
import Logging

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve one display in the foreground.",
    discussion: """
      Prints "ready rfb ADDRESS" for each listener once viewers can connect. SIGTERM ends it.
      SPEC is one of:
        \(SourceSpec.forms.joined(separator: "\n  "))
      """)

  @Argument(help: "Where the screen comes from.")
  var spec: String

  @Option(
    help: ArgumentHelp(
      "Where to listen: HOST:PORT, [IPv6]:PORT or unix:PATH. Port 0 picks a free one. May be repeated.",
      valueName: "address"))
  var listen: [String]

  @OptionGroup(title: "Policy") var policy: PolicyOptions

  @Option(help: .hidden) var statusFd: Int32?
  /// What commands call this display, where viewers show another title.
  @Option(help: .hidden) var displayName: String?

  func run() throws {
    let name = policy.title ?? "serve"
    StandardErrorLog.install()
    let settings = try policy.settings(source: try parseSpec(spec), listeners: try parseListeners(listen))
    let channel = try statusFd.map(Self.adopt)
    let signals = try Self.signals()
    let server: DisplayServer
    do throws(CommandFailure) {
      server = try DisplayServer.make(settings, name: name)
    } catch {
      throw try Self.told(channel, error)
    }
    do {
      try server.run {
        Lifeline.start(server, named: displayName ?? name, signals: signals, channel: channel)
        if channel == nil { for address in server.addresses { Output.line("ready rfb \(address)") } }
      }
    } catch {
      throw try Self.told(channel, CommandFailure(.systemError, "the display ended: \(error)"))
    }
  }

  /// Signals are taken before any thread exists, so that none of them has a default action left.
  static func signals() throws(CommandFailure) -> SignalWatch {
    SignalWatch.ignoreBrokenPipes()
    do throws(SystemFailure) {
      return try SignalWatch([SIGTERM, SIGINT])
    } catch {
      throw CommandFailure(error, to: "take signals")
    }
  }

  /// A daemon that is told the reason logs it; this process then ends without a word.
  private static func told(_ channel: SharedDescriptor?, _ failure: CommandFailure) throws -> CommandFailure {
    guard let channel else { return failure }
    channel.announce(failure)
    throw ExitCode(failure.status.rawValue)
  }

  private static func adopt(_ raw: Int32) throws -> SharedDescriptor {
    guard raw > 2, fcntl(raw, F_SETFD, FD_CLOEXEC) == 0 else { throw ValidationError("--status-fd is for the daemon.") }
    return SharedDescriptor(OwnedDescriptor(owning: raw))
  }
}

extension SharedDescriptor {
  /// Tells the daemon why this process is about to end.
  fileprivate func announce(_ failure: CommandFailure) {
    let line = JSONLine.encode(ChildMessage(failure: FailureMessage(failure))) + "\n"
    try? Files.write(Array(line.utf8), to: raw)
  }
}

extension DisplayServer {
  /// A display with these settings, listening already.
  static func make(_ settings: DisplaySettings, name: String) throws(CommandFailure) -> DisplayServer {
    let makeSource: @Sendable (Logger) -> any DisplaySource
    do throws(InstanceRefusal) {
      makeSource = try settings.source.prepare(name: settings.title, runFolder: Places().run)
    } catch {
      throw CommandFailure(error)
    }
    do throws(ServeFailure) {
      return try DisplayServer(
        sourceName: settings.source.description, options: settings.options(name: name), logger: Logger(label: name),
        makeSource: makeSource)
    } catch {
      throw CommandFailure(error)
    }
  }
}

extension CommandFailure {
  /// A vGPU that there is no room for.
  init(_ refusal: InstanceRefusal) {
    guard case .system(let doing, let failure) = refusal else {
      self.init(.unavailable, refusal.description)
      return
    }
    self.init(failure, to: doing, otherwise: .cannotCreate)
  }

  /// A display that cannot be served.
  init(_ failure: ServeFailure) {
    switch failure {
    case .system(let failure): self.init(failure, to: "set up the display's thread")
    case .frontEnd(let failure):
      guard case .addressInUse(let port) = failure.kind, let owner = PortOwner.find(port: port) else {
        self.init(Self.status(failure.kind), failure.description)
        return
      }
      self.init(.unavailable, "port \(port) is taken by \(owner)")
    }
  }

  private static func status(_ kind: FrontEndFailure.Kind) -> ExitStatus {
    switch kind {
    case .addressInUse, .pathInUse, .badAddress: .unavailable
    case .badPath: .cannotCreate
    case .permission: .noPermission
    case .insecure: .badData
    case .passwordFile: .missingInput
    case .other: .systemError
    }
  }
}
