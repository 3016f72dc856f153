// A VM's way from one QEMU to another, with its display.
import Foundation
import GVTCore
import GVTDisplay

/// One migration. Every step that fails says so in one sentence, and up to the moment in which the VM is whole at the
/// destination the source goes on.
struct VMMigration {
  /// What may differ from one migration to another.
  struct Options {
    var guestAgent: String?
    /// How long the guest may take to fall asleep or to let go of its vGPU, in seconds.
    var patience: Double
    /// The vGPU's socket as the destination sees it, if that is not its path here.
    var vgpuSocket: String?
  }

  let hold: VMHold
  let source: QMPClient
  let destination: QMPClient
  let options: Options
  let say: (String) -> Void

  func run(_ method: MigrationMethod) throws(CommandFailure) {
    switch method {
    case .live: try moveLive()
    case .suspend: try moveAsleep()
    case .replug: try moveUnplugged()
    }
    // Only one of the two may ever run.
    source.quit()
    hold.release(qmpPath: destination.path)
  }

  // MARK: - Before

  /// The destination must wait for a VM, and where it has the vGPU it must be at our second socket.
  func checkDestination(needsVirtualGPU: Bool) throws(CommandFailure) -> InstanceMigration {
    guard try destination.runState().isIncoming else {
      throw CommandFailure(
        .unavailable, "the QEMU at \(destination.path) does not wait for a VM: start it with -incoming defer")
    }
    let report = try hold.report()
    guard report.isConnected else {
      throw CommandFailure(.unavailable, "no VM has attached \(hold.name), so that there is nothing to move")
    }
    // Where it is plugged in is not known yet: bridges have no bus numbers before the VM has arrived.
    if needsVirtualGPU && !report.isSuccessorConnected {
      throw CommandFailure(
        .unavailable,
        "the QEMU at \(destination.path) is not connected to \(report.successorSocket): give it the source's command "
          + "line with that path as its vfio-user socket")
    }
    if !needsVirtualGPU && report.isSuccessorConnected {
      throw CommandFailure(
        .unavailable, "the QEMU at \(destination.path) has a vGPU already: for a replug start it without one")
    }
    return report
  }

  func slot(in qemu: QMPClient, _ deviceID: UInt16) throws(CommandFailure) -> PCISlot {
    guard let slot = try qemu.findVirtualGPU(deviceID: deviceID) else {
      throw CommandFailure(.unavailable, "\(qemu.role) has no vGPU of \(hold.name)'s kind")
    }
    return slot
  }

  // MARK: - The stream

  /// Sends the VM and waits until all of it has arrived.
  func transfer() throws(CommandFailure) {
    let address = try destination.migrationProgress().addresses?.lazy.compactMap(\.uri).first
    if let address {
      try source.run("migrate", ["uri": address])
    } else {
      // Nobody else can connect to a pair of sockets.
      let (one, other) = try Self.socketPair()
      try source.give(one, named: "gvt-vnc")
      try destination.give(other, named: "gvt-vnc")
      try destination.run("migrate-incoming", ["uri": "fd:gvt-vnc"])
      try source.run("migrate", ["uri": "fd:gvt-vnc"])
    }
    var told = ""
    let result = try source.finishMigration { progress in
      let text = progress.description
      guard text != told else { return }
      told = text
      say("memory: \(text)")
    }
    say("memory has arrived\(result.downtime.map { ", after a standstill of \($0) ms" } ?? "")")
    guard try destination.wait(upTo: options.patience, for: { !$0.isIncoming }) else {
      throw CommandFailure(.unavailable, "the destination has everything and does not take it")
    }
  }

  private static func socketPair() throws(CommandFailure) -> (SharedDescriptor, SharedDescriptor) {
    do throws(SystemFailure) {
      let ends = try OwnedDescriptor.socketPair().release()
      return (SharedDescriptor(OwnedDescriptor(owning: ends.near)), SharedDescriptor(OwnedDescriptor(owning: ends.far)))
    } catch {
      throw CommandFailure(error, to: "make a connection between the two QEMUs")
    }
  }

  /// Runs `body`; if it fails, `recovery` puts the source back to work, and the sentence says whether it did.
  func orElse(
    _ recovery: () throws(CommandFailure) -> Void, _ body: () throws(CommandFailure) -> Void
  ) throws(CommandFailure) {
    do throws(CommandFailure) {
      try body()
    } catch {
      do throws(CommandFailure) {
        try recovery()
      } catch let second {
        throw CommandFailure(error.status, "\(error); and the source could not go on: \(second)")
      }
      throw CommandFailure(error.status, "\(error); the source goes on")
    }
  }

  /// Says when the picture is back; a guest may take its time.
  func awaitPicture() {
    let end = Date.now.addingTimeInterval(options.patience)
    while Date.now < end {
      if hold.isShowing() { return say("the display is back") }
      _ = try? destination.pause(seconds: 0.2)
    }
    say("the VM has moved, and its guest shows nothing yet")
  }
}
