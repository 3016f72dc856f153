// The VMs that run: their displays, their vGPUs, and the SPEC that would serve each.
import GVTCore
import GVTDisplay

/// What `vms` prints.
struct MachinesReport: Codable, Equatable, Sendable {
  /// One VM.
  struct Entry: Codable, Equatable, Sendable {
    var name: String?
    var uuid: String?
    var process: Int32
    /// The user that QEMU runs as.
    var user: String
    /// QEMU's version, or `9.0 or newer` after its machine's name.
    var qemu: String?
    /// QEMU's own displays.
    var displays: [String]
    /// The display devices that it emulates.
    var devices: [String]
    var vgpus: [VGPUEntry]
    /// Where it listens for QMP.
    var qmpSockets: [String]
    /// SPECs that would serve it, the best first.
    var specs: [Way]
    /// Why there is no SPEC, or no better one, and what to add to QEMU's command line.
    var hints: [String]
    /// Displays of ours that serve it now.
    var served: [ServedEntry]
  }

  struct VGPUEntry: Codable, Equatable, Sendable {
    var uuid: String
    var type: String?
    /// What it is a part of.
    var parent: String?
  }

  struct Way: Codable, Equatable, Sendable {
    var spec: String
    var sentence: String
  }

  struct ServedEntry: Codable, Equatable, Sendable {
    var display: String
    var listeners: [String]
  }

  var machines: [Entry]

  /// Never fails for want of a daemon.
  static func gather(_ survey: HostSurvey, _ places: Places) -> MachinesReport {
    let displays = (try? ControlClient(socket: places.socket).ask(ControlRequest(.list)))?.displays ?? []
    let instances = (try? InstanceClient.instances(in: places)) ?? []
    let running = DisplayClient.all(in: places).map(\.info)
    return MachinesReport(survey, displays: displays, running: running, instances: instances)
  }

  init(machines: [Entry]) { self.machines = machines }

  /// `displays` are the daemon's, `running` all that this user may ask, the daemon's perhaps among them.
  init(
    _ survey: HostSurvey, displays: [DisplayEntry], running: [DisplayInfo] = [], instances: [InstanceRecord]
  ) {
    let ofDaemon = displays.filter { $0.state != .stopped }.map {
      RunningDisplay(name: $0.name, process: $0.process, source: $0.source, listeners: $0.listeners)
    }
    let byHand = running.filter { info in !displays.contains { $0.process == info.process } }.map {
      RunningDisplay(
        name: $0.name, process: $0.process, source: $0.report.source, listeners: $0.report.listeners)
    }
    machines = survey.machines.map { machine in
      let ways = MachineWays(machine, survey, instances)
      return Entry(
        name: machine.name, uuid: machine.uuid, process: machine.id, user: survey.root.userName(machine.user),
        qemu: ways.version.text, displays: machine.displays, devices: machine.commandLine.videoDevices,
        vgpus: machine.mdevs.map { VGPUEntry($0, survey) }, qmpSockets: machine.qmpSocketPaths, specs: ways.specs,
        hints: ways.hints, served: Self.serving(machine, ofDaemon + byHand, instances))
    }
  }

  /// A display of ours that runs.
  private struct RunningDisplay {
    var name: String
    var process: Int32?
    var source: String?
    var listeners: [String]
  }

  /// The displays whose SPEC is about that VM.
  private static func serving(
    _ machine: QEMUProcess, _ displays: [RunningDisplay], _ instances: [InstanceRecord]
  ) -> [ServedEntry] {
    let known = displays.filter { display in
      display.source.flatMap { try? SourceSpec($0) }?.isAbout(machine) ?? false
    }
    // A display that does not answer has its vGPU accounted all the same.
    let others = instances.filter { instance in
      machine.vfioUserSockets.contains(instance.socket) && !known.contains { $0.name == instance.name }
        && !displays.contains { $0.process == instance.process }
    }
    return known.map { ServedEntry(display: $0.name, listeners: $0.listeners) }
      + others.map { ServedEntry(display: $0.name, listeners: []) }
  }

  func text(width: Int, isColoured: Bool) -> String {
    if machines.isEmpty { return "No QEMU runs that this user may see." }
    let style = Style(isColoured: isColoured)
    return machines.map { $0.text(width: width, style) }.joined(separator: "\n\n")
  }
}

extension MachinesReport.VGPUEntry {
  init(_ uuid: String, _ survey: HostSurvey) {
    let device = survey.mdevs.first { $0.uuid == uuid }
    self.init(uuid: uuid, type: device?.type, parent: device?.parent)
  }

  fileprivate var text: String {
    uuid + (type.map { ", \($0)" } ?? "") + (parent.map { " of \($0)" } ?? "")
  }
}

extension MachinesReport.Entry {
  fileprivate func text(width: Int, _ style: Style) -> String {
    var lines = [style.bold(Table.printable(name ?? "(no name)"))]
    func add(_ label: String, _ text: String) {
      let head = "  " + label + String(repeating: " ", count: max(1, 10 - label.count))
      lines.append(Paragraph.hanging(head, text, width: width))
    }
    add("Process", "\(process) of \(user), QEMU \(qemu ?? "of an unknown version")")
    add("Screens", screens)
    for vgpu in vgpus { add("vGPU", vgpu.text) }
    for way in specs {
      // A SPEC is there to be copied: it is not broken.
      lines.append("  Serve     " + style.bold(Table.printable(way.spec)))
      add("", way.sentence)
    }
    for hint in hints { add(specs.isEmpty ? "No SPEC" : "Note", hint) }
    for display in served {
      let places = display.listeners.isEmpty ? "" : " at " + display.listeners.joined(separator: ", ")
      add("Served", "by the display \"\(display.display)\"\(places)")
    }
    return lines.joined(separator: "\n")
  }

  private var screens: String {
    let devices = devices.isEmpty ? "no display device of QEMU's" : devices.joined(separator: ", ")
    return devices + (displays.isEmpty ? "; shown nowhere" : "; shown by \(displays.joined(separator: ", "))")
  }
}

extension SourceSpec {
  /// Whether it names that VM, its QMP socket or its vGPU.
  fileprivate func isAbout(_ machine: QEMUProcess) -> Bool {
    switch self {
    case .qemu(let path, _): return machine.qmpSocketPaths.contains(path)
    case .vgpu(let spec): return machine.vfioUserSockets.contains(spec.socketPath)
    case .vfio(let spec):
      switch spec.target {
      case .device(let uuid): return machine.mdevs.contains(uuid)
      case .process(let id): return machine.id == id
      case .machine(let name): return machine.name == name
      }
    case .drm, .demo, .sharedMemory: return false
    }
  }
}
