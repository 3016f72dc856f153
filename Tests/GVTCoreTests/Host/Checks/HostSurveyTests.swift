// What doctor's checks say of a host that is in order, and of one in which a single thing is changed.
import Foundation
import Testing

@testable import GVTCore

/// A server with vGPUs in which nothing is wrong, and one change to it.
struct HostChange: CustomTestStringConvertible {
  let what: String
  let subject: String
  let verdict: Finding.Verdict
  /// What the finding says, somewhere.
  let words: String
  let change: @Sendable (MadeHost) throws -> Void

  var testDescription: String { what }

  init(
    _ what: String, _ subject: String, _ verdict: Finding.Verdict, _ words: String,
    _ change: @escaping @Sendable (MadeHost) throws -> Void
  ) {
    self.what = what
    self.subject = subject
    self.verdict = verdict
    self.words = words
    self.change = change
  }

  func findings() throws -> [Finding] {
    let host = try MadeHost(copying: "skylake")
    try change(host)
    return HostSurvey(of: host.root).findings
  }
}

@Suite struct HostSurveyTests {
  @Test func `a host that is in order gets no advice but for what its kernel lacks`() {
    let findings = HostSurvey(of: FixtureHost.named("skylake")).findings
    #expect(findings.filter { $0.verdict != .ok }.map(\.subject) == [])
    #expect(findings.allSatisfy { $0.wanted == nil && $0.remedy.isEmpty })
    #expect(Set(findings.map(\.subject)).count == findings.count)
  }

  @Test func `what is not in order says what should be`() {
    for name in ["misconfigured", "kabylake", "broadwell", "amd-mxgpu", "no-gpu", "tigerlake-sriov", "nvidia-vgpu"] {
      for finding in HostSurvey(of: FixtureHost.named(name)).findings where finding.verdict != .ok {
        #expect(finding.wanted != nil, "\(name): \(finding)")
        #expect(finding.remedy.allSatisfy { !$0.isEmpty && $0.count < 90 }, "\(name): \(finding)")
      }
    }
  }

  @Test func `an empty tree is a host too`() throws {
    let host = try MadeHost()
    let findings = HostSurvey(of: host.root).findings
    #expect(findings.first?.found == "unknown")
    #expect(!findings.contains { $0.verdict == .blocks })
  }

  @Test(arguments: kernel + graphics + rights + qemu + buffers)
  func `a change is told`(change: HostChange) throws {
    let found = try #require(try change.findings().first { $0.subject.hasPrefix(change.subject) })
    #expect(found.verdict == change.verdict, "\(found)")
    let text = ([found.found, found.wanted ?? ""] + found.remedy).joined(separator: "\n")
    #expect(text.contains(change.words), "\(text)")
  }

  private static let kernel: [HostChange] = [
    HostChange("an old kernel", "Kernel", .blocks, "pidfd_getfd") {
      try $0.write("5.5.19-generic\n", to: "/proc/sys/kernel/osrelease")
    },
    HostChange("the first kernel that will do", "Kernel", .ok, "5.6.0") {
      try $0.write("5.6.0\n", to: "/proc/sys/kernel/osrelease")
    },
    HostChange("no /proc", "Kernel", .advice, "unknown") { try $0.remove("/proc/sys/kernel/osrelease") },
    HostChange("a release that is none", "Kernel", .advice, "unknown") {
      try $0.write("99999999999999999999.x", to: "/proc/sys/kernel/osrelease")
    },
    HostChange("no KVM", "KVM", .advice, "VT-x") { try $0.remove("/dev/kvm") },
    HostChange("KVM for others", "KVM", .advice, "adduser nobody kvm") {
      try $0.beNobody()
      try $0.write("nobody:x:65534:65534::/:/bin/sh\n", to: "/etc/passwd")
    },
    HostChange("few files", "Open files", .advice, "may have 512") {
      try $0.write("Max open files            512        4096       files\n", to: "/proc/self/limits")
    },
    HostChange("no limit of files", "Open files", .ok, "no limit") {
      try $0.write("Max open files            unlimited  unlimited  files\n", to: "/proc/self/limits")
    },
  ]

  private static let graphics: [HostChange] = [
    HostChange("another driver", "Driver", .blocks, "vfio-pci has the GPU") {
      try $0.unbind()
      try $0.link(MadeHost.gpu + "/driver", to: "../../../bus/pci/drivers/vfio-pci")
    },
    HostChange("no driver", "Driver", .blocks, "modprobe i915") { try $0.unbind() },
    HostChange("no kvmgt, and a kernel without it", "GVT-g in the kernel", .blocks, "CONFIG_DRM_I915_GVT_KVMGT not set")
    {
      try $0.remove("/sys/module/kvmgt")
      try $0.write("CONFIG_DRM_I915=m\nCONFIG_DRM_I915_GVT=y\n", to: "/boot/config-6.1.0-56-amd64")
    },
    HostChange("no kvmgt, and no word of the kernel", "GVT-g in the kernel", .advice, "unknown") {
      try $0.remove("/sys/module/kvmgt")
      try $0.remove("/boot/config-6.1.0-56-amd64")
    },
    HostChange("no kvmgt, and a kernel that has it", "GVT-g in the kernel", .ok, "built in") {
      try $0.remove("/sys/module/kvmgt")
    },
    HostChange("GVT-g off", "i915.enable_gvt", .blocks, "options i915 enable_gvt=1") {
      try $0.write("N\n", to: MadeHost.enableGVT)
      try $0.remove("/etc/modprobe.d/gvt-g.conf")
    },
    HostChange("GVT-g off until the next start", "i915.enable_gvt", .blocks, "configured to be on") {
      try $0.write("N\n", to: MadeHost.enableGVT)
    },
    HostChange("GVT-g not in i915", "i915.enable_gvt", .blocks, "no such parameter") {
      try $0.remove(MadeHost.enableGVT)
      try $0.remove("/etc/modprobe.d/gvt-g.conf")
      try $0.remove("/sys/class/mdev_bus/0000:00:02.0")
    },
    HostChange("GVT-g on by the command line, unseen", "i915.enable_gvt", .ok, "configured to be on") {
      try $0.remove("/sys/module/i915/parameters")
      try $0.remove("/etc/modprobe.d/gvt-g.conf")
      try $0.write("quiet i915.enable_gvt=1", to: "/proc/cmdline")
    },
    HostChange("GVT-g unseen and unconfigured", "i915.enable_gvt", .advice, "only root may see") {
      try $0.remove("/sys/module/i915/parameters")
      try $0.remove("/etc/modprobe.d/gvt-g.conf")
      try $0.remove("/sys/class/mdev_bus/0000:00:02.0")
    },
    HostChange("GuC schedules", "i915.enable_guc", .blocks, "3:") { try $0.write("3\n", to: MadeHost.enableGuC) },
    HostChange("GuC will schedule", "i915.enable_guc", .blocks, "1:") {
      try $0.remove(MadeHost.enableGuC)
      try $0.write("i915.enable_guc=1", to: "/proc/cmdline")
    },
    HostChange("only HuC is loaded", "i915.enable_guc", .ok, "2:") { try $0.write("2\n", to: MadeHost.enableGuC) },
    HostChange("GuC as the driver likes", "i915.enable_guc", .ok, "-1") {
      try $0.write("-1\n", to: MadeHost.enableGuC)
    },
    HostChange("kvmgt is not loaded", "Modules", .blocks, "modprobe -a kvmgt") { try $0.remove("/sys/module/kvmgt") },
    HostChange("only the container's module is not loaded", "Modules", .advice, "modprobe -a vfio_iommu_type1") {
      try $0.remove("/sys/module/vfio_iommu_type1")
    },
    HostChange("a kernel without kvmgt", "Modules", .blocks, "no kvmgt") {
      try $0.remove("/sys/module/kvmgt")
      try $0.write("kernel/vfio-pci.ko.xz: kernel/x.ko\n", to: "/lib/modules/6.1.0-56-amd64/modules.dep")
    },
    HostChange("modules that are built in", "Modules", .ok, "are loaded") {
      try $0.remove("/sys/module/kvmgt")
      try $0.write("kernel/drivers/kvmgt.ko\n", to: "/lib/modules/6.1.0-56-amd64/modules.builtin")
    },
    HostChange("ignored MSRs off", "kvm.ignore_msrs", .advice, "blue screen") {
      try $0.write("N\n", to: "/sys/module/kvm/parameters/ignore_msrs")
    },
    HostChange("ignored MSRs unknown", "kvm.ignore_msrs", .advice, "unknown") {
      try $0.remove("/sys/module/kvm/parameters/ignore_msrs")
    },
    HostChange("Broadwell behind the IOMMU", "intel_iommu", .advice, "intel_iommu=igfx_off") {
      try $0.write("0x1626\n", to: MadeHost.gpu + "/device")
      try $0.write("intel_iommu=on", to: "/proc/cmdline")
    },
    HostChange("Broadwell left out of it", "intel_iommu", .ok, "left out") {
      try $0.write("0x1626\n", to: MadeHost.gpu + "/device")
    },
    HostChange("no DMC firmware", "DMC firmware", .advice, "skl_dmc") { try $0.remove("/lib/firmware") },
    HostChange("no types for no reason", "Types of vGPU", .blocks, "dmesg") {
      try $0.remove("/sys/class/mdev_bus/0000:00:02.0")
    },
    HostChange("an older Intel GPU", "Intel 0000:00:02.0", .ok, "shares nothing") {
      try $0.write("0x0412\n", to: MadeHost.gpu + "/device")
      try $0.remove("/sys/class/mdev_bus/0000:00:02.0")
    },
    HostChange("a newer Intel GPU", "Intel 0000:00:02.0", .advice, "GVT-g ended with Comet Lake") {
      try $0.write("0x4680\n", to: MadeHost.gpu + "/device")
      try $0.remove("/sys/class/mdev_bus/0000:00:02.0")
    },
    HostChange("a device of the kernel's samples", "mbochs", .ok, "there are 0") {
      try $0.write("4\n", to: "/sys/class/mdev_bus/mbochs/mdev_supported_types/mbochs-small/available_instances")
    },
  ]

  private static let rights: [HostChange] = [
    HostChange("Yama forbids everything", "Attaching to VMs", .blocks, "ptrace_scope is 3") {
      try $0.write("3\n", to: MadeHost.yama)
    },
    HostChange("Yama lets root", "Attaching to VMs", .ok, "CAP_SYS_PTRACE (ptrace_scope 2)") {
      try $0.write("2\n", to: MadeHost.yama)
    },
    HostChange("a root without capabilities", "Attaching to VMs", .blocks, "no CAP_SYS_PTRACE") {
      try $0.write("Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n", to: "/proc/self/status")
    },
    HostChange("an ordinary user", "Attaching to VMs", .advice, "seat1 runs as root") { try $0.beNobody() },
    HostChange("a user whom Yama forbids", "Attaching to VMs", .advice, "not allowed (ptrace_scope 1)") {
      try $0.beNobody()
      try $0.write("1\n", to: MadeHost.yama)
    },
    HostChange("a user's KMS planes", "Planes of drm:", .advice, "CAP_SYS_ADMIN") { try $0.beNobody() },
    HostChange("a user outside the GPU's group", "Render node", .advice, "adduser 65534 render") { try $0.beNobody() },
    HostChange("a user in the GPU's group", "Render node", .ok, "open") { try $0.beNobody(groups: "105") },
    HostChange("a GPU without a group", "Render node", .advice, "setfacl -m u:65534:rw") {
      try $0.beNobody()
      try $0.write("/dev/dri/renderD128 600 0 0\n", to: "/permissions")
    },
    HostChange("a user's locked memory", "Locked memory", .advice, "64 MiB") { try $0.beNobody() },
    HostChange("a user without that limit", "Locked memory", .ok, "no limit") {
      try $0.beNobody()
      try $0.write("Max locked memory   unlimited  unlimited  bytes\n", to: "/proc/self/limits")
    },
    HostChange("no word of rights", "Rights", .advice, "unknown") { try $0.remove("/proc/self/status") },
  ]

  private static let qemu: [HostChange] = [
    HostChange("no QEMU", "QEMU", .advice, "apt install") {
      try $0.remove("/usr/bin/qemu-system-x86_64")
      try $0.remove("/var/lib/dpkg/status")
    },
    HostChange("QEMU from elsewhere", "QEMU", .advice, "unknown version") { try $0.remove("/var/lib/dpkg/status") },
    HostChange("QEMU that was removed", "QEMU", .advice, "unknown version") {
      try $0.write(
        "Package: qemu-system-x86\nStatus: deinstall ok config-files\nVersion: 1:7.2\n", to: "/var/lib/dpkg/status")
    },
    HostChange("Proxmox's QEMU", "QEMU", .ok, "9.0.2") {
      try $0.write(
        "Package: pve-qemu-kvm\nStatus: install ok installed\nVersion: 9.0.2-4\n", to: "/var/lib/dpkg/status")
    },
    HostChange("an old QEMU", "For qemu:", .advice, "since 7.2") { try $0.installQEMU("1:6.2") },
    HostChange("a QEMU without its module", "For qemu:", .advice, "ui-dbus.so") {
      try $0.remove("/usr/lib/x86_64-linux-gnu/qemu/ui-dbus.so")
    },
    HostChange("a QEMU in one piece", "For qemu:", .ok, "D-Bus") { try $0.remove("/usr/lib/x86_64-linux-gnu/qemu") },
    HostChange("a QEMU before vfio-user", "For vgpu:", .advice, "since 10.1") { try $0.installQEMU("1:10.0.6") },
  ]

  private static let buffers: [HostChange] = [
    HostChange("no udmabuf", "udmabuf", .advice, "has none") { try $0.remove("/dev/udmabuf") },
    HostChange("udmabuf not loaded", "udmabuf", .advice, "modprobe udmabuf") {
      try $0.remove("/dev/udmabuf")
      try $0.write("CONFIG_UDMABUF=m\n", to: "/boot/config-6.1.0-56-amd64")
    },
    HostChange("udmabuf for root", "udmabuf", .advice, "setfacl") { try $0.beNobody() },
    HostChange("no GL", "GL libraries", .advice, "missing: libgbm.so.1") {
      try $0.remove("/usr/lib/x86_64-linux-gnu/libgbm.so.1")
    },
  ]
}

extension MadeHost {
  static let gpu = "/sys/devices/pci0000:00/0000:00:02.0"
  static let enableGVT = "/sys/module/i915/parameters/enable_gvt"
  static let enableGuC = "/sys/module/i915/parameters/enable_guc"
  static let yama = "/proc/sys/kernel/yama/ptrace_scope"

  /// The process that looks is one without rights.
  func beNobody(groups: String = "") throws {
    let status = "Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\nGroups:\t\(groups) \nCapEff:\t0\n"
    try write(status, to: "/proc/self/status")
  }

  /// No driver has the GPU, and it makes no vGPUs.
  func unbind() throws {
    try remove(Self.gpu + "/driver")
    try remove("/sys/class/mdev_bus/0000:00:02.0")
  }

  func installQEMU(_ version: String) throws {
    let text = "Package: qemu-system-x86\nStatus: install ok installed\nVersion: \(version)\n"
    try write(text, to: "/var/lib/dpkg/status")
  }
}
