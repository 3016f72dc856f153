// `vgpu`: the vGPUs that VMs can attach, and those that run.
import ArgumentParser
import GVTCore
import GVTDisplay

struct VGPU: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vgpu",
    abstract: "Look after the vGPUs that VMs attach.",
    discussion: """
      An emulated vGPU is made by serving it: gvt-vnc serve 'vgpu:/run/vm1.vgpu?type=NAME'. All those of one user share one
      GPU, and there are never more than it has room for. Hardware vGPUs, which the host's GPU makes, are created and
      removed. What can be asked of a running emulated one, as JSON over its control socket:
        \(InstanceVerb.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n  "))
      """,
    subcommands: [
      VGPUTypes.self, VGPUList.self, VGPUCreate.self, VGPURemove.self, VGPUSave.self, VGPURestore.self, VGPUReset.self,
    ])
}

struct VGPUTypes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "types", abstract: "List the types of vGPU, and how many of each are free.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions

  func run() throws {
    let report = try TypesReport.gather(Places(), host.root)
    Output.line(json ? JSONReport.text(report) : report.table)
  }
}

struct VGPUList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the vGPUs that there are, emulated ones and hardware.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions

  func run() throws {
    let report = try InstancesReport.gather(Places(), host.root)
    Output.line(json ? JSONReport.text(report) : report.table)
  }
}

struct VGPUReset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Put a vGPU back to power-on.",
    discussion: "Its guest's driver does not expect that: the picture is gone until the driver starts anew.")

  @Argument(help: ArgumentHelp("The vGPU's name, as `gvt-vnc vgpu list` has it.", valueName: "name"))
  var name: String

  func run() throws {
    _ = try InstanceClient(named: name, in: Places()).ask(InstanceRequest(.reset))
  }
}
