// `status`: all about one display.
import ArgumentParser

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Tell all about one display.")

  @Argument(help: "The display's name.")
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let places = place.places
    guard let entry = try ListReport.gather(places).displays.first(where: { $0.name == name }) else {
      throw CommandFailure(.missingInput, "there is no display \(name) in \(places.configuration)/displays")
    }
    Output.line(json ? JSONReport.text(entry) : entry.text)
  }
}
