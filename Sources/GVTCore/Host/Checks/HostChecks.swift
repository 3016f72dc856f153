// The host as such: its kernel, KVM, and how many descriptors there may be.

enum HostChecks {
  static func findings(_ host: HostSurvey) -> [Finding] {
    [kernel(host), kvm(host), openFiles(host)]
  }

  /// pidfd_getfd, with which a running VM's device is shared, came with Linux 5.6.
  static func kernel(_ host: HostSurvey) -> Finding {
    let numbers = host.release.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2 else {
      return .advice(.host, "Kernel", "unknown", "/proc/sys/kernel/osrelease tells which; is /proc mounted?")
    }
    if (numbers[0], numbers[1]) < (5, 6) {
      let wanted = "vfio: shares a running VM's device with pidfd_getfd, which Linux has since 5.6"
      let found = "Linux \(host.release)"
      return host.hasMediatedGraphics
        ? .blocks(.host, "Kernel", found, wanted, fix: "boot a newer kernel")
        : .advice(.host, "Kernel", found, wanted)
    }
    return .ok(.host, "Kernel", "Linux \(host.release)")
  }

  static func kvm(_ host: HostSurvey) -> Finding {
    guard host.root.exists("/dev/kvm") else {
      return .advice(
        .host, "KVM", "there is no /dev/kvm",
        "without KVM, VMs run very slowly and GVT-g's vGPUs not at all",
        fix: "switch virtualization (VT-x, AMD-V) on in the firmware's setup", "modprobe kvm_intel, or kvm_amd")
    }
    if host.root.mayReadAndWrite("/dev/kvm", host.process) == false {
      return .advice(
        .host, "KVM", "/dev/kvm is there, and not for \(host.root.userName(host.process.user))",
        "only VMs that this user starts need it", fix: host.root.joinGroup(of: "/dev/kvm", host.process))
    }
    return .ok(.host, "KVM", "/dev/kvm is there")
  }

  /// A display's process needs a few for each viewer, and those of libvncserver stay below 1024.
  static func openFiles(_ host: HostSurvey) -> Finding {
    guard let limit = host.process.openFiles else { return .ok(.host, "Open files", "no limit, or it is unknown") }
    if limit < 1024 {
      return .advice(
        .host, "Open files", "a process may have \(limit)", "a display with many viewers needs 1024",
        fix: "ulimit -n 4096, or LimitNOFILE=4096 in the service")
    }
    return .ok(.host, "Open files", "a process may have \(limit)")
  }
}

extension HostRoot {
  /// The command that lets this user at a device.
  func joinGroup(of path: String, _ process: ProcessRights) -> String {
    let user = userName(process.user)
    guard let status = status(of: path), status.group != 0, status.mode & 0o060 == 0o060 else {
      return "setfacl -m u:\(user):rw \(path), or work as root"
    }
    return "adduser \(user) \(groupName(status.group)), and log in again"
  }
}
