// The program: its list of commands, and how it ends.
import ArgumentParser

@main
struct GVTVNC: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "gvt-vnc",
    abstract: "Gives every virtual machine a screen that a VNC viewer reaches.",
    version: version,
    subcommands: [
      Serve.self, Demo.self, Daemon.self, Enable.self, Disable.self, List.self, Status.self, Info.self,
      TakeScreenshot.self,
      Detach.self, Attach.self,
      VGPU.self, GPUs.self, VMs.self, Doctor.self, Migrate.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as CommandFailure {
      failure.endProcess()
    } catch {
      exit(withError: error)
    }
  }
}
