// What this user may do: attach to VMs, read KMS planes, use a GPU.

enum RightsChecks {
  static func findings(_ host: HostSurvey) -> [Finding] {
    guard host.process.isKnown else {
      return [.advice(.rights, "Rights", "unknown: there is no /proc/self/status", "it should be readable")]
    }
    var findings = [user(host), attaching(host)]
    if !host.gpus.isEmpty { findings += [planes(host)] + renderNodes(host) }
    if let memory = lockedMemory(host) { findings.append(memory) }
    return findings
  }

  private static func user(_ host: HostSurvey) -> Finding {
    .ok(.rights, "User", host.root.userName(host.process.user))
  }

  /// ptrace(2), PTRACE_MODE_ATTACH, which pidfd_getfd asks for; Documentation/admin-guide/LSM/Yama.rst.
  static func attaching(_ host: HostSurvey) -> Finding {
    let subject = "Attaching to VMs"
    // A kernel without Yama has no such file, and the rule of same users.
    let scope = host.root.number("/proc/sys/kernel/yama/ptrace_scope") ?? 0
    let mayTrace = host.process.has(.trace)
    if !host.hasMediatedGraphics {
      return .ok(.rights, subject, "not needed: nothing here makes vGPUs")
    }
    if scope >= 3 {
      return .blocks(
        .rights, subject, "kernel.yama.ptrace_scope is \(scope): nobody may, not even root",
        "vfio: shares the device of a running QEMU", fix: "echo kernel.yama.ptrace_scope=2 > /etc/sysctl.d/ptrace.conf",
        "reboot")
    }
    if mayTrace { return .ok(.rights, subject, "allowed by CAP_SYS_PTRACE (ptrace_scope \(scope))") }
    if host.process.isRoot {
      return .blocks(
        .rights, subject, "this root has no CAP_SYS_PTRACE", "vfio: shares the device of a running QEMU",
        fix: "run it outside the container, or give that CAP_SYS_PTRACE")
    }
    let others = host.machines.filter { !$0.mdevs.isEmpty && $0.user != host.process.user }
    let who = others.first.map { "; \($0.name ?? "process \($0.id)") runs as \(host.root.userName($0.user))" } ?? ""
    return .advice(
      .rights, subject,
      (scope == 0 ? "only to this user's own VMs" : "not allowed (ptrace_scope \(scope))") + who,
      "vfio: shares the device of a running QEMU, for which CAP_SYS_PTRACE is needed",
      fix: "run gvt-vnc as root, or: systemctl enable --now gvt-vnc")
  }

  /// drm_getfb2 gives its handles to the master and to CAP_SYS_ADMIN only (drivers/gpu/drm/drm_framebuffer.c).
  static func planes(_ host: HostSurvey) -> Finding {
    let subject = "Planes of drm:"
    let cards = host.gpus.compactMap(\.cardNode)
    if cards.isEmpty { return .ok(.rights, subject, "no GPU here has a display driver") }
    if host.process.has(.administer) {
      return .ok(.rights, subject, "allowed by CAP_SYS_ADMIN: \(cards.joined(separator: ", "))")
    }
    return .advice(
      .rights, subject, "\(cards.joined(separator: ", ")): not allowed",
      "what a screen of this host shows is for root (CAP_SYS_ADMIN)", fix: "run gvt-vnc as root or by its service")
  }

  /// Through one of them dmabufs are read that cannot be mapped, such as those of KVMGT.
  static func renderNodes(_ host: HostSurvey) -> [Finding] {
    host.gpus.compactMap(\.renderNode).map { node in
      switch host.root.mayReadAndWrite(node, host.process) {
      case true?: .ok(.rights, "Render node", "\(node) is open to this user")
      case nil: .ok(.rights, "Render node", "\(node) is there")
      case false?:
        .advice(
          .rights, "Render node", "\(node) is closed to this user", "vGPUs' buffers are read through it",
          fix: host.root.joinGroup(of: node, host.process))
      }
    }
  }

  /// VFIO counts a guest's memory as locked (drivers/vfio/vfio_iommu_type1.c); nil where it does not matter.
  static func lockedMemory(_ host: HostSurvey) -> Finding? {
    guard host.hasMediatedGraphics, !host.process.has(.lockMemory) else { return nil }
    guard let bytes = host.process.lockedBytes else { return .ok(.rights, "Locked memory", "no limit") }
    let user = host.root.userName(host.process.user)
    return .advice(
      .rights, "Locked memory", "a process may lock \(bytes >> 20 == 0 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB")",
      "a QEMU with a vGPU that this user starts needs as much as its guest has; libvirt sees to that itself",
      fix: "echo '\(user) - memlock unlimited' > /etc/security/limits.d/vfio.conf", "log in again")
  }
}
