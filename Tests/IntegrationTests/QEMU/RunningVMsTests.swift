// vms and doctor on this very machine: real QEMUs are found, and what is offered for them really shows them.
import Foundation
import GVTCore
import TestSupport
import Testing

@testable import gvt_vnc

extension RealPeers {
  @Suite(.tags(.peer), .enabled(if: QEMUInstallation.installed.isThere, "qemu-system-x86_64 is not installed"))
  struct RunningVMsTests {
    private func report<Report: Decodable>(
      _ arguments: [String], _: Report.Type, status: Int32 = 0
    ) throws -> Report {
      let result = try runToEnd(Project.program, arguments)
      guard result.status == status, let report: Report = JSONLine.decode(result.output) else {
        throw TestFailure("\(arguments) gave \(result.status): \(result.output) \(result.errors)")
      }
      return report
    }

    @Test func `a VM is listed with a SPEC, which serves it, and then with the display that does`() throws {
      let machine = try QEMUMachine(.installed, ["-vga", "std", "-name", "guest=listed,debug-threads=on"])
      try machine.start()
      let folder = try TemporaryFolder()
      let places = ["--config", folder.path("config")]
      var entry: MachinesReport.Entry?
      #expect(
        try poll(for: 20) {
          let machines = try report(["vms", "--json"] + places, MachinesReport.self).machines
          entry = machines.first { $0.qmpSockets.contains(machine.socketPath) }
          return entry?.specs.isEmpty == false
        }, "\(String(describing: entry))")
      let found = try #require(entry)
      #expect(found.name == "listed" && found.devices == ["VGA"] && found.displays == ["dbus"])
      #expect(found.specs.map(\.spec) == ["qemu:\(machine.socketPath)"] && found.hints == [] && found.served == [])
      let spec = try #require(found.specs.first).spec

      try serving(spec) { display, _ in
        let viewer = try RFBTestClient(
          display.address, .init(Encoding.tight, Encoding.extendedDesktopSize, Encoding.desktopSize))
        // Text mode, which is no card of ours.
        try viewer.follow(within: 30) { $0.picture.width == 720 && $0.picture.height == 400 }
      }

      let enabled = try runToEnd(Project.program, ["enable", "office", spec, "--listen", "127.0.0.1:0"] + places)
      #expect(enabled.status == 0, "\(enabled.errors)")
      let daemon = try RunningProgram(Project.program, ["daemon"] + places, in: folder)
      defer { daemon.end() }
      #expect(
        try poll(for: 20) {
          let machines = try report(["vms", "--json"] + places, MachinesReport.self).machines
          return machines.first { $0.name == "listed" }?.served.first?.display == "office"
        }, "\(daemon.errors)")
    }

    @Test func `a VM that nothing can serve is listed with what it lacks`() throws {
      let folder = try TemporaryFolder()
      let socket = folder.path("plain.qmp")
      let qemu = try RunningProgram(
        "qemu-system-x86_64",
        ["-accel", "tcg", "-m", "32", "-S", "-display", "none", "-qmp", "unix:\(socket),server=on,wait=off"], in: folder
      )
      defer { qemu.end() }
      #expect(poll(for: 20) { access(socket, F_OK) == 0 }, "\(qemu.errors)")
      let machines = try report(["vms", "--json"], MachinesReport.self).machines
      let entry = try #require(machines.first { $0.process == qemu.pid })
      #expect(entry.specs == [] && entry.devices == ["VGA"] && entry.displays == [])
      #expect(entry.hints == ["Start it with -display dbus,p2p=yes, for qemu:\(socket)."])
    }

    @Test func `doctor says of this machine what its tools say`() throws {
      let folder = try TemporaryFolder()
      let arguments = ["doctor", "--json", "--config", folder.path("none")]
      let result = try runToEnd(Project.program, arguments)
      let report: DoctorReport = try #require(JSONLine.decode(result.output), "\(result.errors)")
      #expect(result.status == (report.blocking == 0 ? 0 : ExitStatus.unavailable.rawValue))
      let release = try runToEnd("uname", ["-r"]).output
      #expect(report.findings.first?.found == "Linux " + release.prefix { $0 != "\n" })
      let version = try #require(QEMUVersion(output: try runToEnd("qemu-system-x86_64", ["--version"]).output))
      #expect(report.findings.contains { $0.subject == "QEMU" && $0.found == version.description })
      #expect(report.sources.first { $0.kind == "qemu:" }?.isReady == (version >= QEMUFeature.display))
    }
  }
}
