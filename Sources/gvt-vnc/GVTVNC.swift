import ArgumentParser

@main
struct GVTVNC: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "gvt-vnc")
}
