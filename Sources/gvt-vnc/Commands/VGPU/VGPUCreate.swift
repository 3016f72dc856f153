// `vgpu create` and `vgpu remove`: hardware vGPUs, which the host's GPU driver makes.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay

struct VGPUCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a hardware vGPU, which a VM can then be started with.",
    discussion: """
      `gvt-vnc gpus` lists the types that the host's GPUs make, and how many of each are free. Only root may make one; it \
      is gone when the host is started anew. Prints the vGPU's UUID in the first line, then how QEMU attaches it and the \
      SPEC that shows it. (Emulated vGPUs are not made: serving one makes it.)
      """)

  @Option(help: ArgumentHelp("The type, such as i915-GVTg_V5_4.", valueName: "name"))
  var type: String

  @Option(
    help: ArgumentHelp("The GPU's PCI address, or another parent device's name; needed if several make that type."))
  var gpu: String?

  @Option(help: "The vGPU's UUID; otherwise one is made up.")
  var uuid: String?

  @Option(help: ArgumentHelp("The guest's system, if it does not take every type: windows7-32.", valueName: "system"))
  var guest: GuestSystem?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var host: HostOptions

  func run() throws {
    let order = MdevOrder(type: type, parent: gpu, uuid: uuid ?? UUID().uuidString.lowercased(), guest: guest)
    do throws(MediationFailure) {
      let (device, notes) = try Mediation(in: host.root).create(order)
      let report = HardwareEntry(device, users: [])
      Output.line(json ? JSONReport.text(report) : report.recipe)
      for note in notes { Output.error("gvt-vnc: " + note) }
    } catch {
      throw CommandFailure(error)
    }
  }
}

struct VGPURemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a hardware vGPU that nobody uses.",
    discussion: "A vGPU that a VM uses stays, and whoever uses it is named.")

  @Argument(help: ArgumentHelp("The vGPU's UUID, as `gvt-vnc vgpu list` has it.", valueName: "uuid"))
  var uuid: String

  @OptionGroup var host: HostOptions

  func run() throws {
    do throws(MediationFailure) {
      try Mediation(in: host.root).remove(uuid)
    } catch {
      throw CommandFailure(error)
    }
  }
}

extension GuestSystem: ExpressibleByArgument {}

extension CommandFailure {
  init(_ failure: MediationFailure) {
    let status: ExitStatus =
      switch failure.kind {
      case .request: .usage
      case .missing: .missingInput
      case .unavailable: .unavailable
      case .permission: .noPermission
      case .system: .systemError
      }
    self.init(status, failure.description)
  }
}
