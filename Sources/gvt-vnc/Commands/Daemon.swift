// `daemon`: every enabled display, one supervised process each.
import ArgumentParser
import Logging

struct Daemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve every enabled display, each in a process of its own.",
    discussion: """
      Follows changes of the configuration at once, and re-reads it on SIGHUP. SIGTERM ends all displays, then it.
      The control socket takes one JSON object a line; its commands:
        \(ControlCommand.allCases.map { "\($0)\($0.takesName ? " NAME" : ""): \($0.summary)" }.joined(separator: "\n  "))
      """)

  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    StandardErrorLog.install()
    try DaemonProcess(place.places, logger: Logger(label: "daemon")).run()
  }
}
