// `disable`: takes a VM's display away.
import ArgumentParser

struct Disable: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a display away; its viewers are disconnected.")

  @Argument(help: "The display's name.")
  var name: String

  @OptionGroup(title: "Places") var place: PlaceOptions

  func run() throws {
    let folder = ConfigurationFolder(path: place.places.configuration)
    guard let name = DisplayName(name), folder.entry(name) != nil else {
      throw CommandFailure(.missingInput, "there is no display \(name) in \(folder.displaysPath)")
    }
    try folder.locked { try folder.remove(name) }
    Output.line("\(name) is disabled")
    tellDaemon(place.places, otherwise: nil)
  }
}
