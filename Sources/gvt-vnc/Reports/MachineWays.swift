// Which SPECs would serve a running VM, and what its command line lacks for those that would not.
import GVTCore
import GVTDisplay

struct MachineWays {
  private(set) var specs: [MachinesReport.Way] = []
  private(set) var hints: [String] = []
  let version: MachineVersion

  init(_ machine: QEMUProcess, _ survey: HostSurvey, _ instances: [InstanceRecord]) {
    version = MachineVersion(machine, survey.qemu)
    for uuid in machine.mdevs { addVGPU(uuid, machine, survey) }
    for socket in machine.vfioUserSockets { addAttached(socket, machine, instances) }
    addQEMUDisplay(machine, survey)
  }

  private mutating func addVGPU(_ uuid: String, _ machine: QEMUProcess, _ survey: HostSurvey) {
    guard let device = survey.mdevs.first(where: { $0.uuid == uuid }) else {
      return hints.append("The vGPU \(uuid) is not in /sys/bus/mdev any more.")
    }
    let type = survey.parents.flatMap(\.types).first { $0.id == device.type }
    if let why = Self.lackOfPlane(device, type) { return hints.append("The vGPU \(uuid) shows nothing: \(why).") }
    let keys = machine.qmpSocketPaths.first.map { "keys and pointer go to \($0)" } ?? "view-only: it has no QMP socket"
    let spec = SourceSpec.vfio(VFIOSpec(target: .device(uuid: uuid)))
    specs.append(.init(spec: spec.description, sentence: "the vGPU's plane; \(keys)"))
  }

  /// Mediated devices that are no display: other buses', the kernel's serial port sample, NVIDIA's types for computing, whose
  /// names end in C (NVIDIA vGPU user guide, "Virtual GPU Types").
  private static func lackOfPlane(_ device: MdevDevice, _ type: MdevType?) -> String? {
    if let api = type?.deviceAPI, api != "vfio-pci" { return "it is a \(api) device" }
    if device.parent == "mtty" { return "it is a serial port" }
    if let name = type?.name, device.type?.hasPrefix("nvidia-") == true, name.hasSuffix("C") {
      return "\(name) is a type for computing, without displays"
    }
    return nil
  }

  private mutating func addAttached(_ socket: String, _ machine: QEMUProcess, _ instances: [InstanceRecord]) {
    if let instance = instances.first(where: { $0.socket == socket }) {
      let spec = "vgpu:" + socket
      specs.append(
        .init(spec: spec, sentence: "the emulated vGPU \"\(instance.name)\" (\(instance.type)), served already"))
    } else {
      hints.append("Its vfio-user device at \(socket) is of another program, or of another user's gvt-vnc.")
    }
  }

  /// QEMU's own displays need three things: that version, a D-Bus display between two peers, and a QMP socket.
  private mutating func addQEMUDisplay(_ machine: QEMUProcess, _ survey: HostSurvey) {
    let line = machine.commandLine
    if let newest = version.newest, newest < QEMUFeature.display {
      if specs.isEmpty {
        hints.append("QEMU \(newest) has no D-Bus display that serves us; \(QEMUFeature.display) and later have.")
      }
      return
    }
    let socket = machine.qmpSocketPaths.first
    if line.hasPeerDisplay, let socket {
      if survey.root.isThisHost && !survey.root.exists(socket) {
        return hints.append("Its QMP socket \(socket) is not there: perhaps it is in a container of its own.")
      }
      let spec = SourceSpec.qemu(socketPath: socket, console: 0)
      return specs.append(.init(spec: spec.description, sentence: "QEMU's D-Bus display, with keys and pointer"))
    }
    // A VM that is served already needs no more.
    guard specs.isEmpty else { return }
    hints.append(Self.whatToAdd(machine))
  }

  /// What the command line lacks, in the words of whoever started QEMU.
  private static func whatToAdd(_ machine: QEMUProcess) -> String {
    let line = machine.commandLine
    let passed = line.passedThrough.isEmpty ? "" : " What is passed through to it has no plane that the host could see."
    let name = machine.name.map { $0.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" } } ?? ""
    let path = "/run/\(name.isEmpty ? "vm" : name).qmp"
    if line.hasPassedMonitor && machine.qmpSocketPaths.isEmpty {
      return "libvirt keeps its only QMP monitor: give the VM <graphics type='dbus' p2p='yes'/> and, in "
        + "<qemu:commandline>, -qmp unix:\(path),server=on,wait=off for qemu:\(path)." + passed
    }
    if let socket = machine.qmpSocketPaths.first, socket.hasPrefix("/var/run/qemu-server/") {
      return "Proxmox uses \(socket) itself: qm set \(socket.dropFirst(21).prefix { $0 != "." }) --args '-display "
        + "dbus,p2p=yes -qmp unix:\(path),server=on,wait=off', for qemu:\(path)." + passed
    }
    let device = line.videoDevices.isEmpty ? ["-device virtio-vga"] : []
    let display = line.hasPeerDisplay ? [] : ["-display dbus,p2p=yes"]
    let socket = machine.qmpSocketPaths.first
    let monitor = socket == nil ? ["-qmp unix:\(path),server=on,wait=off"] : []
    return "Start it with \((device + display + monitor).joined(separator: " ")), for qemu:\(socket ?? path)." + passed
  }
}

/// A running QEMU's version, as well as it can be told from outside.
struct MachineVersion {
  /// For a person.
  let text: String?
  /// No newer than this; nil if that is not known.
  let newest: QEMUVersion?

  /// The program that is installed is the one that runs if it has the same path and was not replaced since.
  init(_ machine: QEMUProcess, _ installed: InstalledQEMU?) {
    let isSame = machine.program.map { $0 == installed?.program } ?? true
    if let version = installed?.version, isSame, !machine.isProgramReplaced {
      text = version.description
      newest = version
    } else {
      text = machine.commandLine.machineVersion.map { "\($0) or newer" }
      newest = nil
    }
  }
}
