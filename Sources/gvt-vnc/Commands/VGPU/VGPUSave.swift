// `vgpu save` and `vgpu restore`: a vGPU's state in a file, alone or with its VM's.
import ArgumentParser
import Foundation
import GVTCore
import GVTDisplay

/// What both take.
struct SavedStateOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The vGPU's name, as `gvt-vnc vgpu list` has it.", valueName: "name"))
  var name: String

  @Argument(help: ArgumentHelp("The file of the vGPU's state.", valueName: "file"))
  var file: String

  @Option(
    name: .customLong("vm"), help: ArgumentHelp("The file of the VM's state, as QEMU writes it.", valueName: "file"))
  var machineFile: String?

  @Option(help: ArgumentHelp("The VM's QMP socket, if the SPEC has no qmp=.", valueName: "socket"))
  var qmp: String?

  /// Runs `body` while the display leaves the VM's QMP socket to us.
  func held(_ body: (VMHold) throws(CommandFailure) -> Void) throws {
    SignalWatch.ignoreBrokenPipes()
    let hold = try VMHold(InstanceClient(named: name, in: Places()), qmpPath: qmp.map(absolutePath))
    defer { hold.release() }
    try body(hold)
  }

  /// The VM's file, for QEMU to read from or to write to.
  func openMachineFile(writing: Bool) throws(CommandFailure) -> SharedDescriptor? {
    guard let machineFile else { return nil }
    do throws(SystemFailure) {
      return SharedDescriptor(try Files.opened(machineFile, writing: writing))
    } catch {
      throw CommandFailure(
        error, to: "\(writing ? "write" : "read") \(machineFile)", otherwise: writing ? .cannotCreate : .missingInput)
    }
  }
}

struct VGPUSave: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save",
    abstract: "Write a vGPU's state to a file.",
    discussion: """
      The state belongs to the VM's memory of the same moment: it is of use only if the VM stands still, and its own state \
      is saved before it goes on. With --vm that is done here: the VM is stopped, its state and the vGPU's are written, and \
      it is left standing (QMP's quit ends it, cont lets it go on). Without --vm a VM that runs is stopped for the moment \
      that it takes; if the SPEC has no qmp=, stop it first (QMP's stop).
      """)

  @OptionGroup var options: SavedStateOptions

  func run() throws {
    try options.held { hold throws(CommandFailure) in
      let qemu = hold.qmpPath == nil && options.machineFile == nil ? nil : try hold.connect(as: "the VM")
      let wasRunning = try qemu?.runState().isRunning ?? false
      if wasRunning { try qemu?.run("stop") }
      do throws(CommandFailure) {
        try write(hold.save())
        if let qemu, let file = try options.openMachineFile(writing: true) { try saveMachine(qemu, file) }
      } catch {
        if wasRunning { _ = try? qemu?.attempt("cont") }
        throw error
      }
      if wasRunning, options.machineFile == nil { try qemu?.run("cont") }
    }
  }

  private func write(_ bytes: [UInt8]) throws(CommandFailure) {
    do throws(SystemFailure) {
      try Files.replace(absolutePath(options.file), with: bytes, mode: 0o600)
    } catch {
      throw CommandFailure(error, to: "write \(options.file)", otherwise: .cannotCreate)
    }
  }

  private func saveMachine(_ qemu: QMPClient, _ file: SharedDescriptor) throws(CommandFailure) {
    let name = try qemu.give(file: file)
    try qemu.run("migrate", ["uri": "file:" + name])
    _ = try qemu.finishMigration { _ in }
    Output.line("the VM is saved and stands still: end it with quit, or let it go on with cont")
  }
}

struct VGPURestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a vGPU what it was when it was saved.",
    discussion: """
      The VM must be the one of that moment, attached and standing still: a QEMU with the same command line that was started \
      with -incoming defer, whose state --vm names; or one that was loaded by other means (-incoming or -loadvm with -S, \
      loadvm after stop). QEMU forgets where a vfio-user device's BARs and interrupts are, and is told here, through its \
      monitor. Then the VM goes on, unless --paused says otherwise.
      """)

  @OptionGroup var options: SavedStateOptions

  @Flag(help: "Leave the VM standing still.")
  var paused = false

  func run() throws {
    let bytes = try read()
    try options.held { hold throws(CommandFailure) in
      let qemu = try hold.connect(as: "the VM")
      if let file = try options.openMachineFile(writing: false) { try loadMachine(qemu, file) }
      let state = try qemu.runState()
      guard !state.isIncoming else {
        throw CommandFailure(.unavailable, "QEMU waits for a VM: name the file of its state with --vm")
      }
      if state.isRunning { try qemu.run("stop") }
      let report = try hold.restore(bytes)
      guard let slot = try qemu.findVirtualGPU(deviceID: report.deviceID) else {
        throw CommandFailure(.unavailable, "the VM has no vGPU of \(hold.name)'s kind")
      }
      try PCIConfigurator(qemu: qemu, slot: slot).program(report.configurationBytes)
      if !paused { try qemu.run("cont") }
    }
  }

  private func read() throws(CommandFailure) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try Files.read(absolutePath(options.file), limit: Snapshot.maxBytes)
    } catch  where error.code == EFBIG {
      throw CommandFailure(.badData, "\(options.file) is too large to be a snapshot of a vGPU")
    } catch {
      throw CommandFailure(error, to: "read \(options.file)", otherwise: .missingInput)
    }
    do throws(SnapshotFailure) {
      _ = try Snapshot(bytes)
    } catch {
      throw CommandFailure(.badData, "\(options.file): \(error)")
    }
    return bytes
  }

  private func loadMachine(_ qemu: QMPClient, _ file: SharedDescriptor) throws(CommandFailure) {
    guard try qemu.runState().isIncoming else {
      throw CommandFailure(.unavailable, "the VM does not wait for a state: start QEMU with -incoming defer")
    }
    // With this the VM stands still when it has been loaded.
    try qemu.run("stop")
    let name = try qemu.give(file: file)
    try qemu.run("migrate-incoming", ["uri": "file:" + name])
    while try qemu.runState().isIncoming {
      let progress = try qemu.migrationProgress()
      if progress.hasFailed {
        throw CommandFailure(
          .unavailable, "the VM cannot be loaded: \(progress.errorDescription ?? "QEMU does not say why")")
      }
      try qemu.pause(seconds: 0.05)
    }
  }
}
