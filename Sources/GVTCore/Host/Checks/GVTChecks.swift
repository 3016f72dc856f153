// What GVT-g needs of a host whose GPU has it: Linux' drivers/gpu/drm/i915/intel_gvt.c and gvt/, and Intel's GVT-g setup guide.

enum GVTChecks {
  static func findings(_ gpu: GPU, _ host: HostSurvey) -> [Finding] {
    var findings = [identity(gpu), driver(gpu), kernel(host)].compactMap { $0 }
    findings += [enabled(host), submission(gpu, host), modules(host), iommu(gpu, host), ignoredMSRs(host)]
    if let firmware = firmware(gpu, host) { findings.append(firmware) }
    let isBlocked = findings.contains { $0.verdict == .blocks }
    if let types = types(gpu, isExplained: isBlocked) { findings.append(types) }
    return findings
  }

  private static func identity(_ gpu: GPU) -> Finding {
    let generation = gpu.generation.map { "\($0.name) (Gen\($0.version))" } ?? "unknown"
    let function = gpu.virtualFunctions.map { _ in ", SR-IOV" } ?? ""
    return .ok(.gpu, gpu.title, generation + function + gpu.driverText)
  }

  /// GVT-g is a part of i915; nil if that has the GPU.
  static func driver(_ gpu: GPU) -> Finding? {
    guard gpu.driver != "i915" else { return nil }
    let found = gpu.driver.map { "\($0) has the GPU" } ?? "no driver has the GPU"
    return .blocks(
      .gpu, "Driver", found, "GVT-g is a part of i915",
      fix: gpu.driver == nil ? "modprobe i915" : "take \(gpu.address) out of what binds it to that driver, and reboot")
  }

  /// Nil where a running kvmgt answers it.
  static func kernel(_ host: HostSurvey) -> Finding? {
    if host.modules.state("kvmgt").isThere { return nil }
    guard let configuration = host.configuration else {
      return .advice(
        .gpu, "GVT-g in the kernel", "unknown: there is no /boot/config-\(host.release)",
        "CONFIG_DRM_I915_GVT=y and CONFIG_DRM_I915_GVT_KVMGT=m", fix: "zgrep I915_GVT /proc/config.gz")
    }
    let missing = ["CONFIG_DRM_I915_GVT", "CONFIG_DRM_I915_GVT_KVMGT"].filter { configuration[$0] == nil }
    if missing.isEmpty {
      return .ok(.gpu, "GVT-g in the kernel", "it was built in (\(configuration.path))")
    }
    return .blocks(
      .gpu, "GVT-g in the kernel", "\(missing.joined(separator: " and ")) not set in \(configuration.path)",
      "this kernel's i915 has no GVT-g; those of Debian's linux-image-amd64 have", fix: "boot a kernel that has it")
  }

  /// Only root may read it (i915_params.c, mode 0400); what was configured is told then.
  static func enabled(_ host: HostSurvey) -> Finding {
    let subject = "i915.enable_gvt"
    let configured = host.parameters.configured("i915", "enable_gvt")
    let fix = "echo 'options i915 enable_gvt=1' > /etc/modprobe.d/gvt-g.conf"
    let then = "update-initramfs -u && reboot"
    if let value = host.parameters.current("i915", "enable_gvt") {
      if isOn(value) { return .ok(.gpu, subject, "on") }
      if configured.map(isOn) == true {
        return .blocks(
          .gpu, subject, "off, and configured to be on", "i915 reads it when it is loaded",
          fix: then)
      }
      return .blocks(.gpu, subject, "off", "i915 makes vGPUs only when it is on", fix: fix, then)
    }
    if configured.map(isOn) == true { return .ok(.gpu, subject, "configured to be on; only root may see if it is") }
    if host.parents.contains(where: { $0.types.contains { $0.id.hasPrefix("i915-") } }) {
      return .ok(.gpu, subject, "on: there are types of vGPU")
    }
    let parameters = "/sys/module/i915/parameters"
    if host.root.exists(parameters), !host.root.exists(parameters + "/enable_gvt") {
      return .blocks(
        .gpu, subject, "this i915 has no such parameter", "it was built without GVT-g", fix: "boot a kernel that has it"
      )
    }
    return .advice(
      .gpu, subject, "not configured, and only root may see if it is on", "i915 makes vGPUs only when it is on",
      fix: fix, then)
  }

  /// Bit 0 lets the GPU's firmware schedule its work: "Graphics virtualization is not yet supported with GuC submission"
  /// (intel_gvt.c). Bit 1 loads HuC, which nothing of GVT-g minds; -1 is off on these generations (intel_uc.c).
  static func submission(_ gpu: GPU, _ host: HostSurvey) -> Finding {
    let subject = "i915.enable_guc"
    let text = host.parameters.current("i915", "enable_guc") ?? host.parameters.configured("i915", "enable_guc")
    guard let text else { return .ok(.gpu, subject, "not set: GuC does not schedule on this generation") }
    guard let value = Int(text), value > 0, value & 1 == 1 else {
      return .ok(.gpu, subject, "\(text): GuC does not schedule")
    }
    return .blocks(
      .gpu, subject, "\(text): GuC shall schedule the GPU's work", "GVT-g does not go with that",
      fix: "take enable_guc out of /etc/modprobe.d and the kernel's command line", "update-initramfs -u && reboot")
  }

  /// kvmgt brings mdev and vfio along; VMMs open a container of vfio_iommu_type1.
  static func modules(_ host: HostSurvey) -> Finding {
    let names = ["kvmgt", "mdev", "vfio_iommu_type1"]
    let states = names.map { (name: $0, state: host.modules.state($0)) }
    let absent = states.filter { $0.state == .absent }.map(\.name)
    if !absent.isEmpty {
      return .blocks(
        .gpu, "Modules", "this kernel has no \(absent.joined(separator: ", "))",
        "vGPUs are made by kvmgt, on mdev and vfio",
        fix: "boot a kernel that has them, such as that of Debian's linux-image-amd64")
    }
    let missing = states.filter { !$0.state.isThere }
    if missing.isEmpty { return .ok(.gpu, "Modules", names.joined(separator: ", ") + " are loaded") }
    let list = missing.map(\.name).joined(separator: " ")
    let found = "not loaded: \(list.split(separator: " ").joined(separator: ", "))"
    let wanted = "vGPUs are made by kvmgt, on mdev and vfio"
    let fix = ["modprobe -a \(list)", "printf '%s\\n' \(list) > /etc/modules-load.d/gvt-g.conf"]
    // QEMU's opening /dev/vfio/vfio loads the last by itself.
    return missing.contains { $0.name != "vfio_iommu_type1" }
      ? .blocks(.gpu, "Modules", found, wanted, fix: fix[0], fix[1])
      : .advice(.gpu, "Modules", found, wanted, fix: fix[0], fix[1])
  }

  /// vGPUs need no IOMMU, and Broadwell's graphics does not get on with it (the setup guide; the kernel's
  /// Documentation/x86/iommu.rst, "Graphics Problems?").
  static func iommu(_ gpu: GPU, _ host: HostSurvey) -> Finding {
    let subject = "intel_iommu"
    let isOn =
      host.parameters.has("on", in: "intel_iommu")
      || host.root.entries(of: "/sys/class/iommu").contains {
        $0.hasPrefix("dmar")
      }
    guard gpu.generation?.name == "Broadwell" else {
      return .ok(.gpu, subject, (isOn ? "on" : "off") + ", which vGPUs do not mind")
    }
    if !isOn || host.parameters.has("igfx_off", in: "intel_iommu") {
      return .ok(.gpu, subject, isOn ? "on, and left out for the GPU" : "off")
    }
    return .advice(
      .gpu, subject, "on for the GPU too", "Broadwell's graphics hangs or shows rubbish behind the IOMMU",
      fix: "add intel_iommu=igfx_off to GRUB_CMDLINE_LINUX in /etc/default/grub", "update-grub && reboot")
  }

  /// KVM gives a guest a fault for an MSR that it does not know; drivers of Windows for these GPUs read some.
  static func ignoredMSRs(_ host: HostSurvey) -> Finding {
    let subject = "kvm.ignore_msrs"
    guard let value = host.parameters.current("kvm", "ignore_msrs") else {
      let isLoaded = host.modules.state("kvm").isThere
      return .advice(
        .gpu, subject, isLoaded ? "unknown" : "unknown: the module kvm is not loaded",
        "where it is off, some Windows guests end in a blue screen",
        fix: "echo 'options kvm ignore_msrs=1' > /etc/modprobe.d/kvm.conf")
    }
    if isOn(value) { return .ok(.gpu, subject, "on") }
    return .advice(
      .gpu, subject, "off", "a Windows guest whose driver reads one of the GPU's MSRs ends in a blue screen",
      fix: "echo 1 > /sys/module/kvm/parameters/ignore_msrs",
      "echo 'options kvm ignore_msrs=1' > /etc/modprobe.d/kvm.conf")
  }

  /// The display's own firmware (DMC), by which it sleeps; nil where there is none. Names: intel_dmc.c.
  static func firmware(_ gpu: GPU, _ host: HostSurvey) -> Finding? {
    let prefixes = [
      "Skylake": "skl", "Apollo Lake": "bxt", "Kaby Lake": "kbl", "Coffee Lake": "kbl", "Whiskey Lake": "kbl",
      "Comet Lake": "kbl",
    ]
    guard let prefix = gpu.generation.flatMap({ prefixes[$0.name] }) else { return nil }
    let folders = ["/lib/firmware/i915", "/usr/lib/firmware/i915", "/lib/firmware/updates/i915"]
    // Files may be compressed: .bin, .bin.xz, .bin.zst.
    let file = folders.flatMap { host.root.entries(of: $0) }.first { $0.hasPrefix(prefix + "_dmc_") }
    if let file { return .ok(.gpu, "DMC firmware", "\(file); GVT-g needs neither GuC's nor HuC's") }
    return .advice(
      .gpu, "DMC firmware", "there is no i915/\(prefix)_dmc_*.bin in /lib/firmware",
      "the GPU cannot save power without it",
      fix: "apt install firmware-misc-nonfree, or your distribution's linux-firmware", "update-initramfs -u && reboot")
  }

  /// What all this is for. Nil if there are none and another line says why.
  static func types(_ gpu: GPU, isExplained: Bool) -> Finding? {
    let types = gpu.parents.flatMap(\.types)
    if types.isEmpty {
      if isExplained { return nil }
      return .blocks(
        .gpu, "Types of vGPU", "none, though all seems in place", "i915 says why in the kernel's log",
        fix: "dmesg | grep -i -e gvt -e i915")
    }
    let list = types.map { "\($0.id) (\($0.available.map { "\($0) free" } ?? "?"))" }.joined(separator: ", ")
    let made = gpu.parents.flatMap(\.instances).count
    return .ok(.gpu, "Types of vGPU", list + "; \(made) made")
  }

  /// How the kernel prints a switch, and how people write one.
  private static func isOn(_ value: String) -> Bool { ["Y", "y", "1"].contains(value) }
}
