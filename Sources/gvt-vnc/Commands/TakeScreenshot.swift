// `screenshot`: what a display shows, as a PNG file.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay
import Logging

struct TakeScreenshot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screenshot",
    abstract: "Write what a display shows to a PNG file.",
    discussion: "A NAME is a display of the running daemon; a SPEC is opened just for this.")

  private static let patienceSeconds: Int64 = 5

  @Argument(help: ArgumentHelp("The display's name, or a SPEC.", valueName: "name|spec"))
  var target: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let picture = target.contains(":") ? try fromSource() : try fromDaemon()
    do throws(SystemFailure) {
      try Files.replace(output, with: picture, mode: 0o644)
    } catch {
      throw CommandFailure(error, to: "write \(output)", otherwise: .cannotCreate)
    }
  }

  private func fromDaemon() throws -> [UInt8] {
    let file = try Files.inMemory(named: "screenshot")
    _ = try ControlClient(socket: place.places.socket).ask(ControlRequest(.screenshot, name: target), writingTo: file)
    try Files.rewind(file.raw)
    return try Files.read(file, limit: 1 << 30)
  }

  private func fromSource() throws -> [UInt8] {
    StandardErrorLog.install()
    SignalWatch.ignoreBrokenPipes()
    let source = try parseSpec(target)
    if case .vgpu = source {
      throw CommandFailure(
        .usage, "a VM's vGPU is shown only by the process that serves it: name its display, not its SPEC")
    }
    let server = try DisplayServer.make(DisplaySettings(source: source, listeners: []), name: "screenshot")
    let thread = try GVTCore.Thread(named: "display") {
      do {
        try server.run()
      } catch {
        CommandFailure(.systemError, "the display ended: \(error)").endProcess()
      }
    }
    defer { server.stop() }
    let picture = try pictureFile(of: server, patienceSeconds: Self.patienceSeconds, isPictureNeeded: true)
    server.stop()
    thread.join()
    return picture
  }
}
