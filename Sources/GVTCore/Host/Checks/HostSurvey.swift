// What checks look at, read once: the kernel, this process's rights, GPUs, QEMU and the VMs that run.

/// A host as `gvt-vnc doctor` sees it.
package struct HostSurvey: Sendable {
  package let root: HostRoot
  /// The kernel's release, such as `6.1.0-50-amd64`; empty if it is not known.
  package let release: String
  package let parameters: KernelParameters
  package let configuration: KernelConfiguration?
  package let modules: KernelModules
  package let process: ProcessRights
  package let gpus: [GPU]
  /// Devices that make mediated devices: GPUs, and what is none on the PCI bus.
  package let parents: [MdevParent]
  package let mdevs: [MdevDevice]
  package let qemu: InstalledQEMU?
  package let machines: [QEMUProcess]

  /// `runVersion` runs a program with `--version` and returns its output; a tree's programs are not run.
  package init(of root: HostRoot, runVersion: (_ program: String) -> String? = { _ in nil }) {
    self.root = root
    release = root.text("/proc/sys/kernel/osrelease") ?? ""
    parameters = KernelParameters(in: root)
    configuration = KernelConfiguration(release: release, in: root)
    modules = KernelModules(release: release, in: root)
    process = ProcessRights(in: root)
    gpus = GPU.all(in: root)
    parents = MdevParent.all(in: root)
    mdevs = MdevDevice.all(in: root)
    qemu = InstalledQEMU(in: root, runVersion: runVersion)
    machines = QEMUProcess.all(in: root)
  }

  /// Whether this host has vGPUs, or a GPU that could make some.
  package var hasMediatedGraphics: Bool {
    !mdevs.isEmpty || !parents.isEmpty || gpus.contains(where: \.hasGVT)
  }

  /// Everything there is to say, topic by topic.
  package var findings: [Finding] {
    HostChecks.findings(self) + GraphicsChecks.findings(self) + RightsChecks.findings(self) + QEMUChecks.findings(self)
      + BufferChecks.findings(self)
  }
}

extension GPU {
  /// Whether it is one that GVT-g makes vGPUs of.
  var hasGVT: Bool { generation?.gvt == .supported }
}
