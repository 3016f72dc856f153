// `info`: what a running display says of itself and of its planes. `detach`, `attach`: whether it holds its VM.
import ArgumentParser

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a running display sees.",
    discussion: "Also of displays that are served by hand; their NAME is what --name says, or the process's number.")

  @Argument(help: "The display's name, or its process's number.")
  var name: String

  @Flag(help: "Only what each plane says of itself.")
  var planes = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let info = try DisplayClient(named: name, in: Places()).info
    if planes {
      let report = PlanesReport(display: info.name, planes: info.planes)
      Output.line(json ? JSONReport.text(report) : report.text)
    } else {
      Output.line(json ? JSONReport.text(info) : info.text)
    }
  }
}

struct Detach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let go of a VM's device at once.",
    discussion: """
      The display stays, without a picture, and takes hold of the VM again when it is started anew, or after attach. \
      A device that a display holds cannot be removed or given to another VM.
      """)

  @Argument(help: "The display's name, or its process's number.")
  var name: String

  func run() throws { try DisplayClient(named: name, in: Places()).order(.detach) }
}

struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Take hold of a VM's device again, after detach.")

  @Argument(help: "The display's name, or its process's number.")
  var name: String

  func run() throws { try DisplayClient(named: name, in: Places()).order(.attach) }
}
