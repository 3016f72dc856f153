// The QEMU that is installed, and which of our sources it can serve.

/// Since when QEMU can do what a source needs.
package enum QEMUFeature {
  /// `-display dbus,p2p=yes` (QEMU 7.0, and with listeners that serve us from 7.2).
  package static let display = QEMUVersion(7, 2)
  /// `-device vfio-user-pci` (QEMU 10.1).
  package static let vfioUser = QEMUVersion(10, 1)
}

enum QEMUChecks {
  static func findings(_ host: HostSurvey) -> [Finding] {
    guard let qemu = host.qemu else {
      return [
        .advice(
          .qemu, "QEMU", "none is installed", "VMs need one",
          fix: "apt install qemu-system-x86 qemu-system-modules-opengl")
      ]
    }
    guard let version = qemu.version else {
      return [
        .advice(
          .qemu, "QEMU", "\(qemu.program ?? "it") is installed, in an unknown version",
          "7.2 for qemu:, 10.1 for vgpu:", fix: "\(qemu.program ?? "qemu-system-x86_64") --version")
      ]
    }
    return [.ok(.qemu, "QEMU", "\(version)"), display(qemu, version), vgpu(version)] + machines(host)
  }

  static func display(_ qemu: InstalledQEMU, _ version: QEMUVersion) -> Finding {
    if version < QEMUFeature.display {
      return .advice(
        .qemu, "For qemu:", "QEMU \(version) has no D-Bus display that serves us",
        "it has since \(QEMUFeature.display)",
        fix: "install a newer QEMU")
    }
    if !qemu.hasDBusDisplay {
      return .advice(
        .qemu, "For qemu:", "QEMU's module ui-dbus.so is missing", "the D-Bus display is in it",
        fix: "apt install --reinstall qemu-system-common, or your distribution's qemu-ui-dbus")
    }
    return .ok(.qemu, "For qemu:", "it has the D-Bus display")
  }

  static func vgpu(_ version: QEMUVersion) -> Finding {
    if version < QEMUFeature.vfioUser {
      return .advice(
        .qemu, "For vgpu:", "QEMU \(version) attaches no vfio-user device", "it does since \(QEMUFeature.vfioUser)",
        fix: "install a newer QEMU, where emulated vGPUs are wanted")
    }
    return .ok(.qemu, "For vgpu:", "it attaches vfio-user devices")
  }

  private static func machines(_ host: HostSurvey) -> [Finding] {
    if host.machines.isEmpty { return [] }
    return [.ok(.qemu, "Running VMs", "\(host.machines.count); see gvt-vnc vms")]
  }
}
