// Which process a SPEC of a vGPU means.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct HolderSearchTests {
  private let host: ScriptedHost
  private let first = ScriptedHost.first
  private let second = ScriptedHost.second

  init() throws {
    host = try ScriptedHost()
    try host.addDevice()
    try host.addDevice(ScriptedHost.second, group: 13)
  }

  private func find(_ text: String, at milliseconds: Int64 = 0) throws -> DeviceHolding {
    guard case .vfio(let spec) = try SourceSpec(text) else { preconditionFailure("a spec of this source") }
    var search = HolderSearch(spec, in: host.root)
    return try search.find(at: Instant(nanoseconds: .milliseconds(milliseconds)))
  }

  @Test func `a vGPU is found by its group, wherever the VM has its devices`() throws {
    try host.start(30, open: [3: "/dev/vfio/13", 4: "socket:[7]"])
    try host.start(31, ticks: 77, open: [8: "/dev/vfio/vfio", 9: "/dev/vfio/12"])
    let found = try find("vfio:\(first)")
    #expect(found.process == ProcessIdentity(id: 31, startTicks: 77) && found.descriptor == 9 && found.kind == .group)
    #expect(try find("vfio:\(second)").process.id == 30)
    try host.link("/proc/31/fd/9", to: "/container/dev/vfio/12")
    #expect(try find("vfio:\(first)").descriptor == 9)
  }

  @Test func `a VMM comes before a process that only has its descriptors`() throws {
    try host.start(20, ticks: 1)
    try host.start(31, ticks: 9, command: "qemu-system-x86_64 -name guest=a")
    #expect(try find("vfio:\(first)").process.id == 31)
    try host.end(31)
    #expect(try find("vfio:\(first)").process.id == 20)
  }

  @Test func `a process of this very program is no VM`() throws {
    try host.link("/proc/self/exe", to: "/usr/bin/gvt-vnc")
    try host.start(20, command: "gvt-vnc")
    #expect(throws: Absence.noHolder(mdev: first)) { try find("vfio:\(first)") }
  }

  @Test func `a VM is found by its name, or by its process`() throws {
    try host.start(30, command: "qemu-system-x86_64 -name guest=one,debug-threads=on")
    try host.start(31, command: "qemu-system-x86_64 -name two", open: [5: "/dev/vfio/13"])
    #expect(try find("vfio:vm=two").mdev == second)
    #expect(try find("vfio:vm=one").mdev == first)
    #expect(try find("vfio:pid=31").mdev == second)
    #expect(throws: Absence.noMachine(name: "three")) { try find("vfio:vm=three") }
    #expect(throws: Absence.noProcess(id: 99)) { try find("vfio:pid=99") }
    try host.start(32, command: "qemu-system-x86_64 -name two", open: [:])
    #expect(throws: Absence.severalMachines([31, 32], name: "two")) { try find("vfio:vm=two") }
    #expect(throws: Absence.noVGPU(process: 32)) { try find("vfio:pid=32") }
  }

  @Test func `of several vGPUs one has to be named`() throws {
    try host.start(30, open: [5: "/dev/vfio/12", 6: "/dev/vfio/13"])
    #expect(throws: Absence.several([first, second], process: 30)) { try find("vfio:pid=30") }
    #expect(try find("vfio:pid=30?mdev=\(second)").descriptor == 6)
    let other = "00000000-0000-0000-0000-00000000000f"
    #expect(throws: Absence.otherVGPUs([first, second], process: 30)) { try find("vfio:pid=30?mdev=\(other)") }
  }

  @Test func `a device's own descriptor is taken where the kernel names it, or where it can be no other`() throws {
    try host.start(30, command: "vmm", open: [5: "anon_inode:[vfio-device]"])
    #expect(throws: Absence.nameless(process: 30)) { try find("vfio:pid=30") }
    #expect(throws: Absence.noHolder(mdev: second)) { try find("vfio:\(second)") }
    try host.write("/proc/30/fdinfo/5", "pos:\t0\nvfio-device-syspath: /sys/devices/virtual/mbochs/mbochs/\(second)\n")
    #expect(try find("vfio:pid=30").kind == .device)
    #expect(try find("vfio:\(second)").descriptor == 5)
    try host.start(
      31, command: "qemu-system-x86_64 -device vfio-pci,sysfsdev=/sys/bus/mdev/devices/\(first)",
      open: [7: "anon_inode:[vfio-device]"])
    #expect(try find("vfio:\(first)").descriptor == 7)
    try host.link("/proc/31/fd/8", to: "anon_inode:[vfio-device]")
    #expect(throws: Absence.noHolder(mdev: first)) { try find("vfio:\(first)") }
  }

  @Test func `a character device of its own names it too`() throws {
    try host.write("/sys/devices/virtual/mbochs/mbochs/\(second)/vfio-dev/vfio3/dev", "511:3\n")
    try host.start(30, open: [5: "/dev/vfio/devices/vfio3"])
    let found = try find("vfio:\(second)")
    #expect(found.kind == .device && found.descriptor == 5)
  }

  @Test func `what is missing is said`() throws {
    let other = "00000000-0000-0000-0000-00000000000f"
    #expect(throws: Absence.noDevice(mdev: other)) { try find("vfio:\(other)") }
    try host.remove("/sys/devices/virtual/mbochs/mbochs/\(first)/iommu_group")
    #expect(throws: Absence.noDriver(mdev: first)) { try find("vfio:\(first)") }
    try host.write("/proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n")
    #expect { try find("vfio:\(second)") } throws: { error in
      if case .forbidden(let sentence)? = error as? Absence { sentence.contains("CAP_SYS_PTRACE") } else { false }
    }
  }

  @Test func `old processes are looked at now and then, new ones each time`() throws {
    var search = HolderSearch(VFIOSpec(target: .device(uuid: first)), in: host.root)
    func find(_ seconds: Int64) -> Int32? {
      try? search.find(at: Instant(nanoseconds: seconds * 1_000_000_000)).process.id
    }
    try host.start(30, open: [:])
    for second in 0..<12 as Range<Int64> { #expect(find(second) == nil) }
    try host.link("/proc/30/fd/5", to: "/dev/vfio/12")
    #expect(find(13) == nil, "it was looked at a moment ago")
    #expect(find(24) == 30)
    #expect(find(25) == 30, "who was found once is looked at each time")
    try host.end(30)
    try host.start(31, ticks: 2, open: [:])
    #expect(find(26) == nil)
    try host.link("/proc/31/fd/5", to: "/dev/vfio/12")
    #expect(find(27) == 31)
  }
}
