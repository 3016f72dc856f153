// GPUs, and what of them VMs can be given that has a plane to capture.

enum GraphicsChecks {
  static func findings(_ host: HostSurvey) -> [Finding] {
    var findings = host.gpus.flatMap { gpu in gpu.hasGVT ? GVTChecks.findings(gpu, host) : [other(gpu)] }
    if host.gpus.isEmpty {
      findings.append(.ok(.gpu, "GPU", "there is none on the PCI bus; what concerns GVT-g is left out"))
    } else if !host.gpus.contains(where: { $0.hasGVT || $0.generation?.gvt == .ended }) {
      let what = "no GPU here has it (Intel's from Broadwell to Comet Lake do); its checks are left out"
      findings.append(.ok(.gpu, "GVT-g", what))
    }
    return findings + virtualParents(host)
  }

  /// A GPU that GVT-g is not for, in one line.
  static func other(_ gpu: GPU) -> Finding {
    let types = gpu.parents.flatMap(\.types)
    if !types.isEmpty {
      return .ok(.gpu, gpu.title, "makes vGPUs of \(types.count) types, which vfio: shows\(gpu.driverText)")
    }
    let functions = gpu.virtualFunctions.map { "\($0.enabled) of \($0.total) virtual functions are on" }
    if let generation = gpu.generation, generation.gvt == .ended {
      // Linux' i915 makes vGPUs up to Comet Lake (drivers/gpu/drm/i915/intel_gvt.c, is_supported_device).
      let found = "\(generation.name) (Gen\(generation.version)): GVT-g ended with Comet Lake (Gen9.5)"
      return .advice(.gpu, gpu.title, found + (functions.map { "; \($0)" } ?? "") + gpu.driverText, noPlane)
    }
    if let functions, gpu.virtualFunctions?.enabled != 0 {
      return .advice(.gpu, gpu.title, functions + gpu.driverText, noPlane)
    }
    return .ok(.gpu, gpu.title, "shares nothing with VMs that has a plane\(gpu.driverText)")
  }

  private static let noPlane =
    "a virtual function (SR-IOV) has no plane that the host could see: show its VM by QEMU's D-Bus display, with "
    + "-display dbus,p2p=yes and a QMP socket, or by a program inside it"

  /// Drivers that make vGPUs of nothing, such as the kernel's samples.
  private static func virtualParents(_ host: HostSurvey) -> [Finding] {
    let known = Set(host.gpus.flatMap(\.parents).map(\.name))
    return host.parents.filter { !known.contains($0.name) }.map { parent in
      .ok(
        .gpu, parent.name, "makes mediated devices of \(parent.types.count) types; there are \(parent.instances.count)")
    }
  }
}

extension GPU {
  /// Such as `Intel 0000:00:02.0`.
  var title: String {
    let vendor =
      switch vendor {
      case .intel: "Intel"
      case .nvidia: "NVIDIA"
      case .amd: "AMD"
      case nil: "GPU"
      }
    return "\(vendor) \(address)"
  }

  var driverText: String { driver.map { ", driver \($0)" } ?? ", no driver" }
}
