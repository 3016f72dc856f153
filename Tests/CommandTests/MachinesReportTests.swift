// Which SPEC is offered for which VM, and what is said where there is none.
import Foundation
import GVTDisplay
import Testing

@testable import GVTCore
@testable import gvt_vnc

@Suite struct MachinesReportTests {
  /// What is offered for a VM of that command line on a host with that QEMU.
  private func report(
    _ line: String, qemu: String = "1:10.1.2", displays: [DisplayEntry] = [], running: [DisplayInfo] = [],
    instances: [InstanceRecord] = []
  ) throws -> MachinesReport.Entry {
    let folder = NSTemporaryDirectory() + "/gvt-vnc-vms-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let words = line.split(separator: " ").joined(separator: "\0") + "\0"
    let fields = Array(repeating: "0", count: 30).joined(separator: " ")
    let files = [
      "/proc/7/cmdline": words, "/proc/7/comm": "qemu-system-x86\n",
      "/proc/7/stat": "7 (qemu-system-x86) S \(fields)\n",
      "/proc/7/status": "Uid:\t0\t0\t0\t0\n",
      "/var/lib/dpkg/status": "Package: qemu-system-x86\nStatus: install ok installed\nVersion: \(qemu)\n",
    ]
    for (path, text) in files {
      let url = URL(filePath: folder + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    let survey = HostSurvey(of: HostRoot(prefix: folder))
    return try #require(
      MachinesReport(survey, displays: displays, running: running, instances: instances).machines.first)
  }

  private static let display = "-display dbus,p2p=yes"
  private static let socket = "-qmp unix:/run/a.qmp,server=on,wait=off"

  @Test(arguments: [
    ("\(display) \(socket)", "1:7.2", "qemu:/run/a.qmp", ""),
    ("\(display) \(socket)", "1:7.1", nil, "QEMU 7.1 has no D-Bus display"),
    (display, "1:7.2", nil, "-qmp unix:/run/vm.qmp,server=on,wait=off, for qemu:/run/vm.qmp"),
    (socket, "1:7.2", nil, "Start it with -display dbus,p2p=yes, for qemu:/run/a.qmp"),
    ("-name web,debug-threads=on", "1:7.2", nil, "-display dbus,p2p=yes -qmp unix:/run/web.qmp,server=on,wait=off"),
    ("-nodefaults \(socket)", "1:7.2", nil, "-device virtio-vga -display dbus"),
    ("-display dbus \(socket)", "1:7.2", nil, "p2p=yes"),
    ("-chardev socket,id=m,fd=3 -mon m,mode=control", "1:7.2", nil, "libvirt keeps its only QMP monitor"),
    (
      "-qmp unix:/var/run/qemu-server/100.qmp,server=on", "1:7.2", nil,
      "qm set 100 --args '-display dbus,p2p=yes -qmp unix:/run/vm.qmp"
    ),
    ("-device vfio-pci,host=01:00.0", "1:7.2", nil, "passed through"),
    ("-device vfio-user-pci,socket=/run/x \(socket)", "1:10.1", nil, "of another program"),
    (
      "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90", "1:7.2", nil,
      "is not in /sys/bus/mdev"
    ),
  ])
  func `a VM gets a SPEC, or is told what it lacks`(line: String, qemu: String, spec: String?, words: String) throws {
    let entry = try report("qemu-system-x86_64 " + line, qemu: qemu)
    #expect(entry.specs.map(\.spec) == (spec.map { [$0] } ?? []))
    #expect(words.isEmpty ? entry.hints.isEmpty : entry.hints.joined(separator: " ").contains(words), "\(entry.hints)")
  }

  @Test func `an emulated vGPU of ours is known by its socket`() throws {
    let instance = InstanceRecord(
      name: "office", type: .standard(.skylake), platform: .skylake, process: 9, socket: "/run/x", started: 0)
    let entry = try report("qemu-system-x86_64 -device vfio-user-pci,socket=/run/x", instances: [instance])
    #expect(entry.specs.map(\.spec) == ["vgpu:/run/x"])
    #expect(entry.served == [.init(display: "office", listeners: [])])
  }

  @Test(arguments: [
    ("qemu:/run/a.qmp", true), ("qemu:/run/a.qmp?console=1", true), ("qemu:/run/b.qmp", false), ("vfio:pid=7", true),
    ("vfio:pid=8", false), ("vfio:vm=web", true), ("vfio:vm=w", false), ("vgpu:demo", false), ("nonsense", false),
  ])
  func `the display that serves a VM is named`(spec: String, isIt: Bool) throws {
    let settings = DisplaySettings(source: try SourceSpec("vgpu:demo"), listeners: [])
    var display = DisplayEntry(name: "d", settings: settings, reason: "")
    display.source = spec
    display.state = .running
    display.listeners = ["127.0.0.1:5901"]
    let line = "qemu-system-x86_64 -name web \(Self.display) \(Self.socket)"
    #expect(
      try report(line, displays: [display]).served == (isIt ? [.init(display: "d", listeners: ["127.0.0.1:5901"])] : [])
    )
    display.state = .stopped
    #expect(try report(line, displays: [display]).served == [], "its configuration alone serves nobody")
  }

  @Test func `a display that is served by hand counts, and once`() throws {
    let line = "qemu-system-x86_64 -name web \(Self.display) \(Self.socket)"
    let report = DisplayReport(
      state: .running, reason: nil, source: "qemu:/run/a.qmp", listeners: ["127.0.0.1:5901"], viewers: [], width: 1,
      height: 1, framesPerSecond: 0)
    let info = DisplayInfo(name: "d", process: 11, report: report, planes: [])
    let wanted = MachinesReport.ServedEntry(display: "d", listeners: ["127.0.0.1:5901"])
    #expect(try self.report(line, running: [info]).served == [wanted])
    var display = DisplayEntry(
      name: "d", settings: DisplaySettings(source: try SourceSpec("vgpu:demo"), listeners: []), reason: "")
    (display.source, display.state, display.process) = ("qemu:/run/a.qmp", .running, 11)
    display.listeners = ["127.0.0.1:5901"]
    #expect(try self.report(line, displays: [display], running: [info]).served == [wanted])
  }

  @Test func `a version that nobody tells is guessed from the machine`() throws {
    let entry = try report("qemu-system-x86_64 -machine pc-q35-9.0", qemu: "unknown")
    #expect(entry.qemu == "9.0 or newer")
  }

  @Test func `names of VMs cannot reach the terminal`() throws {
    let entry = try report("qemu-system-x86_64 -name a\u{1b}[2Jb")
    let text = MachinesReport(machines: [entry]).text(width: 80, isColoured: false)
    #expect(!text.contains("\u{1b}"))
    #expect(!entry.hints.joined().contains("\u{1b}"))
  }
}
