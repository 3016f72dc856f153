// `list`: every display in one line.
import ArgumentParser

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List all displays and how they are doing.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let report = try ListReport.gather(place.places)
    Output.line(json ? JSONReport.text(report) : report.table)
  }
}
