// The three ways of moving a VM, step by step.
import Foundation
import GVTCore
import GVTDisplay

extension VMMigration {
  // MARK: - Live

  /// QEMU moves all but the vGPU; the vGPU's state we move ourselves, while neither VM runs.
  func moveLive() throws(CommandFailure) {
    let before = try checkDestination(needsVirtualGPU: true)
    let wasRunning = try source.runState().isRunning
    // With this the VM stands still when it has arrived.
    try destination.run("stop")
    if before.engines != EngineBehaviour.wedged.rawValue {
      // Engines write into the guest's memory behind QEMU's back, which would not send it again.
      say("the guest stands still meanwhile, because its vGPU has engines")
      try source.run("stop")
    }
    try orElse({ () throws(CommandFailure) in try resumeSource(wasRunning) }) { () throws(CommandFailure) in
      try transfer()
      let after = try hold.report()
      let slot = try slot(in: destination, before.deviceID)
      _ = try hold.handOver(withState: true)
      do throws(CommandFailure) {
        try PCIConfigurator(qemu: destination, slot: slot).program(after.configurationBytes)
        if wasRunning { try destination.run("cont") }
      } catch {
        // The one that was shown still has everything.
        _ = try hold.handOver(withState: false)
        throw error
      }
      if after.apertureAccesses != before.apertureAccesses {
        say("the guest has drawn through the aperture meanwhile: what it drew may be missing until it draws again")
      }
    }
    say(wasRunning ? "the VM runs at the destination" : "the VM is at the destination, paused as it was")
    try hold.show(nil)
  }

  private func resumeSource(_ wasRunning: Bool) throws(CommandFailure) {
    _ = try source.attempt("migrate_cancel")
    guard wasRunning else { return }
    guard try !source.runState().isRunning else { return }
    try source.run("cont")
  }

  // MARK: - Asleep

  func moveAsleep() throws(CommandFailure) {
    _ = try checkDestination(needsVirtualGPU: true)
    try hold.show("The VM is being moved. Its guest is put to sleep.")
    try orElse({ () throws(CommandFailure) in try wake(source) }) { () throws(CommandFailure) in
      try putToSleep()
      say("the guest sleeps")
      try hold.show("The VM is being moved. Its guest sleeps meanwhile.")
      try transfer()
    }
    _ = try hold.handOver(withState: false)
    try wake(destination)
    say("the guest has been woken at the destination")
    try hold.show(nil)
    awaitPicture()
  }

  private func putToSleep() throws(CommandFailure) {
    if try source.runState().isSuspended { return }
    if let path = options.guestAgent {
      say("asking the guest's agent to suspend it to RAM")
      try GuestAgent(path: path).suspend()
    } else {
      say("pressing the guest's sleep key; if it does not fall asleep, suspend it by hand (systemctl suspend)")
      try pressSleepKey()
    }
    guard try source.wait(upTo: options.patience, for: \.isSuspended) else {
      throw CommandFailure(
        .unavailable, "the guest has not fallen asleep within \(Int(options.patience)) seconds, so nothing was moved")
    }
  }

  private struct Keys: Encodable {
    struct Key: Encodable {
      var type = "qcode"
      var data = "sleep"
    }
    var keys = [Key()]
  }

  private func pressSleepKey() throws(CommandFailure) { _ = try source.attempt("send-key", Keys()) }

  private func wake(_ qemu: QMPClient) throws(CommandFailure) {
    // A guest that sleeps has its VM paused, too, if somebody stopped it.
    let state = try qemu.runState()
    if state.canContinue { try qemu.run("cont") }
    guard try qemu.runState().isSuspended else { return }
    try qemu.run("system_wakeup")
  }

  // MARK: - Unplugged

  func moveUnplugged() throws(CommandFailure) {
    let report = try checkDestination(needsVirtualGPU: false)
    let slot = try slot(in: source, report.deviceID)
    guard !slot.identifier.isEmpty, let bridge = slot.bridge, !bridge.isEmpty else {
      throw CommandFailure(
        .unavailable,
        "the vGPU cannot be unplugged: give it an id= and put it behind a pcie-root-port with an id=, or use another method"
      )
    }
    let plug = Plug(
      id: slot.identifier, bus: bridge, addr: slot.address, path: options.vgpuSocket ?? report.socket)
    try hold.show("The VM is being moved. Its vGPU is unplugged.")
    try unplug(slot)
    say("the guest has let go of its vGPU")
    try orElse({ () throws(CommandFailure) in try plugBack(plug) }) { () throws(CommandFailure) in
      try hold.show("The VM is being moved.")
      try transfer()
    }
    try destination.run("device_add", plug)
    say("the vGPU is plugged in at the destination")
    try hold.show(nil)
    awaitPicture()
  }

  private func plugBack(_ plug: Plug) throws(CommandFailure) {
    _ = try source.attempt("migrate_cancel")
    if try !source.runState().isRunning { try source.run("cont") }
    try source.run("device_add", plug)
  }

  private func unplug(_ slot: PCISlot) throws(CommandFailure) {
    source.forgetEvents()
    try source.run("device_del", ["id": slot.identifier])
    guard try source.wait(for: "DEVICE_DELETED", about: slot.identifier, upTo: options.patience) else {
      throw CommandFailure(
        .unavailable,
        "the guest has not let go of its vGPU within \(Int(options.patience)) seconds; the VM runs on where it is")
    }
  }

  /// The arguments of device_add.
  private struct Plug: Encodable {
    struct Socket: Encodable {
      var type = "unix"
      var path: String
    }

    var driver = "vfio-user-pci"
    var id: String
    var bus: String
    var addr: String
    var socket: Socket

    init(id: String, bus: String, addr: String, path: String) {
      self.id = id
      self.bus = bus
      self.addr = addr
      socket = Socket(path: path)
    }
  }
}

extension InstanceMigration {
  /// The configuration space as bytes.
  var configurationBytes: [UInt8] {
    let digits = Array(configurationSpace.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).map { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
  }
}
