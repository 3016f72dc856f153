// `doctor`: is this host ready, and what to change.
import ArgumentParser
import Foundation
import GVTCore

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether this host is ready, and what to change.",
    discussion: """
      Looks at the kernel, GPUs, rights, QEMU and configured displays, and changes nothing. What does not concern a host is
      left out. Ends with status \(ExitStatus.unavailable.rawValue) if something blocks what the host is made for.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions
  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let survey = HostSurvey(of: host.root, runVersion: ProgramOutput.ofVersion)
    let report = try DoctorReport.gather(survey, host.places(place))
    Output.line(json ? JSONReport.text(report) : report.text(width: Output.width, isColoured: Output.isColoured))
    if report.blocking > 0 { throw ExitCode(ExitStatus.unavailable.rawValue) }
  }
}

extension HostOptions {
  /// A copy of a host has its own configuration, and no daemon runs there.
  func places(_ place: PlaceOptions) -> Places {
    guard folder != nil, place.config == nil else { return place.places }
    return Places(config: root.place(of: "/etc/gvt-vnc"), socket: place.socket)
  }
}

/// What programs say when they are run.
enum ProgramOutput {
  private static let timeoutSeconds = 5.0

  /// What `program --version` prints; nil if it cannot be run, fails or takes too long.
  static func ofVersion(_ program: String) -> String? {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["--version"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    guard (try? process.run()) != nil else { return nil }
    // Two lines fit a pipe: nobody waits for us to read them.
    if ended.wait(timeout: .now() + timeoutSeconds) == .timedOut {
      process.terminate()
      return nil
    }
    let bytes = (try? pipe.fileHandleForReading.read(upToCount: 65536)) ?? nil
    return process.terminationStatus == 0 ? bytes.map { String(decoding: $0, as: UTF8.self) } : nil
  }
}
