// `enable`: gives a VM a display, now if the daemon runs and else when it does.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay

struct Enable: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give a VM a display that the daemon serves.",
    discussion: "SPEC is one of:\n  " + SourceSpec.forms.joined(separator: "\n  "))

  @Argument(help: "The display's name: \(DisplayName.rule).")
  var name: String

  @Argument(help: "Where the screen comes from.")
  var spec: String

  @Option(help: ArgumentHelp("A port of 127.0.0.1. Default: the lowest free one from 5900 upwards.", valueName: "n"))
  var port: Int?

  @Option(
    help: ArgumentHelp("Where to listen: HOST:PORT, [IPv6]:PORT or unix:PATH. May be repeated.", valueName: "address"))
  var listen: [String] = []

  @Flag(help: "Change a display that is enabled already. It keeps its listeners unless you name others.")
  var replace = false

  @OptionGroup(title: "Policy") var policy: PolicyOptions
  @OptionGroup(title: "Places") var place: PlaceOptions

  func validate() throws {
    guard DisplayName(name) != nil else { throw ValidationError("A name has \(DisplayName.rule).") }
    if port != nil && !listen.isEmpty { throw ValidationError("Say --port or --listen, not both.") }
    if let port, !(1...65535).contains(port) { throw ValidationError("A port is a number from 1 to 65535.") }
  }

  func run() throws {
    guard let name = DisplayName(name) else { return }
    let source = try parseSpec(spec)
    let named = try parseListeners(listen) + (port.map { [.tcp(host: "127.0.0.1", port: $0)] } ?? [])
    let folder = ConfigurationFolder(path: place.places.configuration)
    try folder.create()
    let settings = try folder.locked { try write(name, source, named, in: folder) }
    let addresses = settings.listeners.map(\.description).joined(separator: ", ")
    Output.line("\(name) is enabled on \(addresses)")
    warnAboutReadableSecrets(settings)
    warnAboutTakenPorts(settings)
    tellDaemon(place.places, otherwise: "the daemon does not run; start it with: gvt-vnc daemon")
  }

  private func write(
    _ name: DisplayName, _ source: SourceSpec, _ named: [ListenAddress], in folder: ConfigurationFolder
  ) throws -> DisplaySettings {
    let earlier = folder.entry(name)
    if earlier != nil && !replace {
      throw CommandFailure(.cannotCreate, "\(name) is enabled already; say --replace to change it")
    }
    let others = try folder.entries().filter { $0.name != name.description }
    var listeners = named
    if listeners.isEmpty, let kept = try? earlier?.settings.get().listeners { listeners = kept }
    if listeners.isEmpty { listeners = [try Self.freeAddress(beside: others)] }
    let settings = try policy.settings(source: source, listeners: listeners)
    try Self.refuseTaken(settings, others: others)
    try folder.write(settings, as: name)
    return settings
  }

  private static func freeAddress(beside others: [ConfigurationFolder.Entry]) throws -> ListenAddress {
    let given = Set(others.flatMap { (try? $0.settings.get().ports) ?? [] })
    guard let port = PortChoice.lowestFree(given: given) else {
      throw CommandFailure(.unavailable, "no port from \(PortChoice.first) upwards is free")
    }
    return .tcp(host: "127.0.0.1", port: port)
  }

  /// A port that another program listens at may be free when the display starts; one that another display was
  /// given never is.
  private static func refuseTaken(_ settings: DisplaySettings, others: [ConfigurationFolder.Entry]) throws {
    for other in others {
      guard let theirs = try? other.settings.get() else { continue }
      for listener in settings.listeners where theirs.listeners.contains(where: { $0.conflicts(with: listener) }) {
        throw CommandFailure(.unavailable, "\(listener) is taken by the display \(other.name)")
      }
    }
  }

  /// Not an error: the program that has the port may be gone when the display starts.
  private func warnAboutTakenPorts(_ settings: DisplaySettings) {
    for port in settings.ports where port != 0 && !LocalSocket.isFree(port: port) {
      guard let owner = PortOwner.find(port: port), !owner.isDisplay(title: settings.title ?? name) else { continue }
      Output.error("gvt-vnc: port \(port) is taken by \(owner) now; the display starts when it is free")
    }
  }

  private func warnAboutReadableSecrets(_ settings: DisplaySettings) {
    for path in [settings.passwordFile, settings.viewOnlyPasswordFile].compactMap({ $0 }) {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
        Output.error("gvt-vnc: \(path) does not exist yet; viewers are refused until it does")
        continue
      }
      let mode = attributes[.posixPermissions] as? Int ?? 0
      if mode & 0o044 != 0 { Output.error("gvt-vnc: others can read \(path); consider chmod 600") }
    }
  }
}

extension ListenAddress {
  /// Whether both cannot be listened at. Two hosts with one port may be the same place under two names.
  func conflicts(with other: ListenAddress) -> Bool {
    switch (self, other) {
    case (.tcp(_, let port), .tcp(_, let otherPort)): port == otherPort && port != 0
    default: self == other
    }
  }
}

/// Has a running daemon look at its configuration now.
func tellDaemon(_ places: Places, otherwise note: String?) {
  do throws(CommandFailure) {
    _ = try ControlClient(socket: places.socket).ask(ControlRequest(.reload))
  } catch {
    if error.status != .unavailable {
      Output.error("gvt-vnc: \(error.description)")
    } else if let note {
      Output.error("gvt-vnc: \(note)")
    }
  }
}
