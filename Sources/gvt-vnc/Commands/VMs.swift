// `vms`: the VMs that run, and the SPEC that would serve each.
import ArgumentParser
import GVTCore

struct VMs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vms",
    abstract: "List the VMs that run, and the SPEC that would serve each.",
    discussion: """
      Finds QEMUs by their command lines, whoever started them, and says what to add where nothing would serve one. Neither the
      VMs nor the daemon need to answer.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions
  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let survey = HostSurvey(of: host.root, runVersion: ProgramOutput.ofVersion)
    let report = MachinesReport.gather(survey, host.places(place))
    Output.line(json ? JSONReport.text(report) : report.text(width: Output.width, isColoured: Output.isColoured))
  }
}
