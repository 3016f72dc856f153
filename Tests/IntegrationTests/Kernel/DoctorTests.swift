// doctor and vms on a host with a real kernel, real mediated devices and a real QEMU.
import GVTCore
import TestSupport
import Testing

@testable import gvt_vnc

extension RealPeers.Kernel {
  @Suite struct DoctorTests {
    private func report<Report: Decodable>(_ command: String, _: Report.Type, in vm: HostVM) throws -> Report {
      let text = try vm.output(of: command)
      guard let report: Report = JSONLine.decode(text) else { throw TestFailure("'\(command)' printed \(text)") }
      return report
    }

    @Test func `a host with mediated devices is found ready, and nothing that it does not have is asked for`() throws {
      let vm = try RealPeers.Kernel.vm
      let report = try report("gvt-vnc doctor --json", DoctorReport.self, in: vm)
      func finding(_ subject: String) -> Finding? { report.findings.first { $0.subject == subject } }
      #expect(finding("Kernel")?.found == "Linux " + (try vm.output(of: "uname -r")))
      #expect(finding("mbochs")?.verdict == .ok && finding("mdpy")?.verdict == .ok)
      #expect(finding("Attaching to VMs")?.found.contains("CAP_SYS_PTRACE") == true, "\(report.findings)")
      #expect(finding("i915.enable_gvt") == nil, "there is no Intel GPU")
      #expect(finding("udmabuf")?.verdict == .ok)
      #expect(report.sources.first { $0.kind == "vfio:" }?.isReady == true, "\(report.sources)")
      #expect(report.sources.first { $0.kind == "drm:" }?.isReady == true, "vkms: \(report.sources)")
      let installed = try vm.output(of: "qemu-system-x86_64 --version")
      #expect(finding("QEMU")?.found == QEMUVersion(output: installed)?.description)
      #expect(report.blocking == 0)
      #expect(try vm.output(of: "gvt-vnc doctor").hasPrefix("Host\n"))
    }

    @Test func `a running VM is listed with the SPEC that shows it`() throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = try vm.makeMdev("mbochs-medium")
      do {
        let machine = try NestedQEMU("listed", on: uuid, in: vm)
        try machine.start()
        let id = try machine.processID()
        #expect(poll(for: 20) { (try? vm.run("test -S /tmp/listed.qmp").status) == 0 }, "\(machine.errors)")
        let machines = try report("gvt-vnc vms --json", MachinesReport.self, in: vm).machines
        let entry = try #require(machines.first { $0.process == id }, "\(machines)")
        #expect(entry.name == "listed" && ["root", "0"].contains(entry.user))
        #expect(entry.vgpus == [.init(uuid: uuid, type: "mbochs-medium", parent: "mbochs")])
        #expect(entry.qmpSockets == ["/tmp/listed.qmp"])
        #expect(entry.specs.map(\.spec) == ["vfio:\(uuid)"])

        let display = try vm.serve(try #require(entry.specs.first).spec)
        try display.use { display in
          let viewer = try display.viewer(.init(Encoding.tight, Encoding.extendedDesktopSize, Encoding.desktopSize))
          let font = try NestedQEMU.font()
          // What SeaBIOS prints, and not a card of ours.
          try viewer.follow(within: 60) { font.lines(in: $0.picture).joined().contains("SeaBIOS") }
        }
        display.end()
        machine.kill()
        #expect(poll(for: 10) { (try? vm.run("test -e /proc/\(id)").status) == 1 })
        let left = try report("gvt-vnc vms --json", MachinesReport.self, in: vm).machines
        #expect(!left.contains { $0.name == "listed" })
      }
      try vm.removeMdev(uuid)
    }
  }
}
