// Why an Intel GPU that could be shared by GVT-g makes no vGPUs now, and what to change.

/// What stands in the way of GVT-g on a GPU that has it.
package enum GVTObstacle: Equatable, Sendable {
  /// i915 does not drive the GPU; the driver that does, if any.
  case otherDriver(String?)
  /// This kernel's i915 was built without it.
  case notBuilt
  /// It is off.
  case disabled
  /// The GPU's firmware schedules its work, which GVT-g does not go with.
  case firmwareSubmission
  /// The module that makes vGPUs is not loaded.
  case moduleMissing
  /// All seems in place.
  case unexplained

  /// What stands in the way on `gpu`; nil if it makes vGPUs, or never could.
  package init?(of gpu: GPU, in root: HostRoot) {
    guard let generation = gpu.generation, generation.gvt == .supported, gpu.parents.isEmpty else { return nil }
    let parameters = "/sys/module/i915/parameters/"
    if gpu.driver != "i915" {
      self = .otherDriver(gpu.driver)
    } else if !root.exists(parameters + "enable_gvt") {
      self = .notBuilt
    } else if let value = root.text(parameters + "enable_gvt"), value != "Y", value != "1" {
      self = .disabled
    } else if let value = root.number(parameters + "enable_guc"), value > 0, value & 1 != 0 {
      // ENABLE_GUC_SUBMISSION; refused since Linux 5.16 (intel_gvt.c).
      self = .firmwareSubmission
    } else if !root.exists("/sys/module/kvmgt") {
      self = .moduleMissing
    } else {
      self = .unexplained
    }
  }

  /// What is wrong, and after it what to do; no full stop.
  package var sentence: String {
    switch self {
    case .otherDriver(nil): "no driver has the GPU: load i915 (modprobe i915)"
    case .otherDriver(let name?): "\(name) drives the GPU, and GVT-g is part of i915: bind it to i915"
    case .notBuilt: "this kernel's i915 has no GVT-g: boot one built with CONFIG_DRM_I915_GVT, such as Debian's"
    case .disabled: "GVT-g is off: boot with i915.enable_gvt=1"
    case .firmwareSubmission:
      "i915.enable_guc lets firmware schedule the GPU's work, which GVT-g does not go with: boot with i915.enable_guc=0"
    case .moduleMissing: "the module kvmgt is not loaded: modprobe kvmgt (and i915.enable_gvt=1 must be set)"
    case .unexplained: "i915 offers no types of vGPU, and does not say why here: see dmesg | grep -i gvt"
    }
  }
}
