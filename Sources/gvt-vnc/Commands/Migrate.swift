// `migrate`: a VM with a vGPU from one QEMU to another, its viewers staying.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay

struct Migrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Move a VM with a vGPU to another QEMU, with viewers looking on.",
    discussion: """
      QEMU 11 does not move a vfio-user device, and does not say so: after a migration by hand (migrate, savevm, loadvm, \
      virsh migrate) the guest runs on with a screen that stays dead. This moves the vGPU too, and ends the source.

      Start the other QEMU with the same command line, -incoming defer and a QMP socket of its own, and
        live, suspend: with the vGPU's socket path and ".next" (or without, if that is where this VM is now);
        replug: without the vGPU, which must be behind a pcie-root-port and have an id= at the source.
      live needs nothing of the guest. suspend puts it to sleep (S3) and wakes it. replug unplugs the vGPU and plugs it in \
      again, which ends desktop sessions. Should anything fail, the source goes on where that is possible.
      """)

  @Argument(help: ArgumentHelp("The vGPU's name, as `gvt-vnc vgpu list` has it.", valueName: "name"))
  var name: String

  @Option(name: .customLong("to"), help: ArgumentHelp("The other QEMU's QMP socket.", valueName: "socket"))
  var destination: String

  @Option(help: "How: \(MigrationMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
  var method = MigrationMethod.live

  @Option(help: ArgumentHelp("This VM's QMP socket, if its SPEC has no qmp=.", valueName: "socket"))
  var qmp: String?

  @Option(help: ArgumentHelp("The guest agent's socket, to put the guest to sleep.", valueName: "socket"))
  var guestAgent: String?

  @Option(help: ArgumentHelp("The vGPU's socket as the other QEMU sees it (replug).", valueName: "path"))
  var vgpuSocket: String?

  @Option(help: ArgumentHelp("How long the guest may take to sleep or to let go of its vGPU.", valueName: "seconds"))
  var timeout = 120

  func validate() throws {
    guard (1...86400).contains(timeout) else { throw ValidationError("A timeout is 1 to 86400 seconds.") }
  }

  func run() throws {
    SignalWatch.ignoreBrokenPipes()
    let hold = try VMHold(InstanceClient(named: name, in: Places()), qmpPath: qmp.map(absolutePath))
    do throws(CommandFailure) {
      let source = try hold.connect(as: "the source")
      let migration = VMMigration(
        hold: hold, source: source,
        destination: try hold.connect(to: absolutePath(destination), as: "the destination"),
        options: .init(
          guestAgent: guestAgent.map(absolutePath), patience: Double(timeout),
          vgpuSocket: vgpuSocket.map(absolutePath)),
        say: Output.line)
      try migration.run(method)
    } catch {
      hold.release()
      throw error
    }
  }
}

extension VMHold {
  /// The VM's QEMU.
  func connect(as role: String) throws(CommandFailure) -> QMPClient {
    guard let qmpPath else {
      throw CommandFailure(
        .badData, "\(name) has no qmp= in its SPEC: say with --qmp where its QEMU can be asked to stand still")
    }
    return try connect(to: qmpPath, as: role)
  }

  /// Any QEMU that takes part; while we wait for it the display knows that we are still there.
  func connect(to path: String, as role: String) throws(CommandFailure) -> QMPClient {
    let qemu = try QMPClient(path: path, as: role)
    qemu.keepAlive = { [self] in _ = try? report() }
    return qemu
  }
}
