// GPUs and mediated devices of a host with a real kernel: found, made, listed, held, removed by the program itself.
import Foundation
import GVTCore
import TestSupport
import Testing

@testable import gvt_vnc

extension RealPeers.Kernel {
  @Suite struct DiscoveryTests {
    private func report<Report: Decodable>(_ command: String, _: Report.Type, in vm: HostVM) throws -> Report {
      let text = try vm.output(of: command)
      guard let report: Report = JSONLine.decode(text) else { throw TestFailure("'\(command)' printed \(text)") }
      return report
    }

    @Test func `a host is told to have the GPUs that the kernel lists, and its mediated devices' makers`() throws {
      let vm = try RealPeers.Kernel.vm
      let classes = try vm.output(of: "cat /sys/bus/pci/devices/*/class").split(separator: "\n")
      let report = try report("gvt-vnc gpus --json", GPUsReport.self, in: vm)
      #expect(report.gpus.count == classes.count { $0.hasPrefix("0x03") })
      let makers = report.otherParents.map(\.name)
      #expect(makers.contains("mbochs") && makers.contains("mdpy"), "\(makers)")
      let text = try vm.output(of: "gvt-vnc gpus")
      #expect(report.gpus.isEmpty == text.contains("This host has no GPU"))
      #expect(text.contains("mbochs-medium") && text.contains("virtual display, 16 MB video memory"), "\(text)")
      // A host's files say the same to somebody who does not ask libpciaccess.
      #expect(try vm.output(of: "gvt-vnc gpus --json --root /.") == vm.output(of: "gvt-vnc gpus --json"))
    }

    @Test(arguments: ["mbochs-medium", "mdpy-vga"])
    func `a vGPU is made, listed, kept while it is in use, and removed`(type: String) throws {
      let vm = try RealPeers.Kernel.vm
      let made = try vm.output(of: "gvt-vnc vgpu create --type \(type)").split(separator: "\n").map(String.init)
      let uuid = try #require(made.first)
      #expect(made.contains { $0.contains("-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/\(uuid)") }, "\(made)")
      #expect(made.contains { $0.contains("vfio:\(uuid)") })
      let path = "/sys/bus/mdev/devices/\(uuid)"
      #expect(try vm.output(of: "basename $(readlink \(path)/mdev_type)") == type)

      let free = try listed(uuid, in: vm)
      #expect(free?.type == type && free?.users == [] && free?.iommuGroup != nil)
      let guest = try DrawnGuest(uuid, in: vm)
      #expect(try listed(uuid, in: vm)?.users.first?.name == "vfio-draw")
      let refused = try vm.run("gvt-vnc vgpu remove \(uuid)")
      #expect(refused.status == ExitStatus.unavailable.rawValue)
      #expect(refused.errors.contains("in use: vfio-draw (process "), "\(refused.errors)")
      #expect(try vm.run("test -e \(path)").status == 0)

      // In a container of our own we see no other process, but that the group cannot be opened.
      let blind = try vm.run(
        "unshare -m -p -f sh -c 'mount -t proc proc /proc; gvt-vnc vgpu remove \(uuid)'", within: 20)
      #expect(blind.status == ExitStatus.unavailable.rawValue, "\(blind)")
      #expect(blind.errors.contains("by a process that cannot be seen from here"), "\(blind.errors)")

      guest.kill()
      #expect(poll(for: 10) { (try? vm.run("gvt-vnc vgpu remove \(uuid)").status) == 0 })
      #expect(try vm.run("test -e \(path)").status == 1)
      #expect(try vm.run("gvt-vnc vgpu remove \(uuid)").status == ExitStatus.missingInput.rawValue)
    }

    private func listed(_ uuid: String, in vm: HostVM) throws -> HardwareEntry? {
      try report("gvt-vnc vgpu list --json", InstancesReport.self, in: vm).hardware.first { $0.uuid == uuid }
    }

    @Test func `what the kernel would refuse is refused with a reason`() throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = "0c5e7a10-3b1d-4c43-9a63-6f2c1f0f7d11"
      let unknown = try vm.run("gvt-vnc vgpu create --type mbochs-huge")
      #expect(
        unknown.status == ExitStatus.missingInput.rawValue && unknown.errors.contains("mbochs-small ("), "\(unknown)")
      let named = try vm.output(of: "gvt-vnc vgpu create --type mbochs-small --gpu mbochs --uuid \(uuid)")
      #expect(named.hasPrefix(uuid))
      let again = try vm.run("gvt-vnc vgpu create --type mbochs-small --uuid \(uuid)")
      #expect(again.status == ExitStatus.unavailable.rawValue && again.errors.contains("already"), "\(again)")
      // Somebody who is not root may look, and nothing else.
      let other = try vm.run("su -s /bin/sh nobody -c 'gvt-vnc vgpu remove \(uuid)'")
      if !other.errors.contains("unknown user") {
        #expect(other.status == ExitStatus.noPermission.rawValue, "\(other)")
      }
      try vm.output(of: "gvt-vnc vgpu remove \(uuid)")
    }
  }
}
