// `gpus`: the GPUs of this host, and how VMs can share them.
import ArgumentParser
import GVTCore

/// Whose /sys and /proc a command reads.
struct HostOptions: ParsableArguments {
  @Option(name: .customLong("root"), help: ArgumentHelp("A folder that is another host's root.", visibility: .hidden))
  var folder: String?

  var root: HostRoot { folder.map { HostRoot(prefix: absolutePath($0)) } ?? .this }
}

struct GPUs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpus",
    abstract: "List the host's GPUs, and how VMs can share them.",
    discussion: """
      For each GPU: what it is, who drives it, where its screens are, and whether it makes vGPUs: GVT-g and NVIDIA vGPU as \
      mediated devices, with how many of each type are free; SR-IOV with its virtual functions; or why it makes none, and \
      what serves instead.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions

  func run() throws {
    let report = GPUsReport.gather(host.root)
    Output.line(json ? JSONReport.text(report) : report.text)
  }
}
