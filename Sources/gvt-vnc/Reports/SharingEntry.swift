// How VMs can share a GPU, or why they cannot and what serves instead.
import GVTCore

/// One GPU's way to be shared.
struct SharingEntry: Codable, Equatable, Sendable {
  enum Method: String, Codable, Sendable {
    case none
    case gvt = "gvt-g"
    case nvidia = "nvidia-vgpu"
    case sriov = "sr-iov"
  }

  var method: Method
  /// Whether vGPUs can be made now that gvt-vnc can show.
  var isReady: Bool
  var sentence: String

  private init(_ method: Method, isReady: Bool = false, _ sentence: String) {
    self.method = method
    self.isReady = isReady
    self.sentence = sentence
  }

  /// Nil for GPUs that nobody would expect to be shared, such as a server's remote management.
  init?(_ gpu: GPU, in root: HostRoot) {
    switch gpu.vendor {
    case .intel: self = Self.intel(gpu, in: root)
    case .nvidia: self = Self.nvidia(gpu)
    case .amd: self = Self.amd(gpu)
    case nil:
      guard !gpu.parents.isEmpty || gpu.virtualFunctions != nil else { return nil }
      self = gpu.parents.isEmpty ? Self.functions(of: gpu, "SR-IOV") : .init(.none, isReady: true, Self.made(gpu))
    }
  }

  private static let instead = "QEMU's D-Bus display (qemu:) or a VNC server in the guest shows such a VM"

  private static func made(_ gpu: GPU) -> String {
    let count = gpu.parents.flatMap(\.instances).count
    return count == 0 ? "none made" : "\(count) made (gvt-vnc vgpu list)"
  }

  /// What to know of a GPU that has as many vGPUs as GVT-g makes.
  private static func limit(_ gpu: GPU) -> String {
    gpu.parents.contains { $0.instances.count >= InstanceBudget.mostInstances }
      ? ", and GVT-g makes no more. While all of them run, the host itself can only be in text mode." : ""
  }

  private static func functions(of gpu: GPU, _ name: String) -> SharingEntry {
    guard let offer = gpu.virtualFunctions else { return .init(.none, "none") }
    return .init(
      .sriov,
      "\(name): \(offer.enabled) of \(offer.total) virtual functions are enabled. The host cannot see what they show: \(instead)."
    )
  }

  private static func intel(_ gpu: GPU, in root: HostRoot) -> SharingEntry {
    if !gpu.parents.isEmpty { return .init(.gvt, isReady: true, "GVT-g: \(made(gpu))\(limit(gpu))") }
    guard let generation = gpu.generation else {
      return .init(.none, "unknown: this GPU is not in gvt-vnc's table")
    }
    switch generation.gvt {
    case .supported:
      let obstacle = GVTObstacle(of: gpu, in: root)?.sentence ?? "it makes none"
      return .init(.gvt, "GVT-g is possible, but \(obstacle).")
    case .never:
      return .init(
        .none,
        "none: \(generation.name) has no GVT-g. An emulated vGPU (vgpu:) or QEMU's D-Bus display (qemu:) needs none.")
    case .ended where gpu.virtualFunctions != nil:
      return functions(of: gpu, "GVT-g ends with Comet Lake; SR-IOV instead")
    case .ended:
      return .init(
        .none,
        "none: GVT-g ends with Comet Lake. An emulated vGPU (vgpu:) or QEMU's D-Bus display (qemu:) needs none.")
    }
  }

  private static func nvidia(_ gpu: GPU) -> SharingEntry {
    if !gpu.parents.isEmpty { return .init(.nvidia, isReady: true, "NVIDIA vGPU: \(made(gpu))") }
    let typed = gpu.virtualFunctions?.functions.filter { $0.vendorTypes != nil } ?? []
    if !typed.isEmpty {
      let count = typed.count { $0.vendorTypes?.current != nil }
      return .init(
        .nvidia,
        """
        NVIDIA vGPU without mediated devices: \(count) of \(typed.count) virtual functions are vGPUs. NVIDIA's own files in \
        /sys make them, and gvt-vnc cannot attach to them: \(instead).
        """)
    }
    if gpu.virtualFunctions != nil { return functions(of: gpu, "SR-IOV") }
    return .init(
      .none, "none: NVIDIA's vGPU host driver is not at work (\(gpu.driver.map { "driver \($0)" } ?? "no driver")).")
  }

  private static func amd(_ gpu: GPU) -> SharingEntry {
    gpu.virtualFunctions == nil
      ? .init(.none, "none: it has no SR-IOV (MxGPU).") : functions(of: gpu, "MxGPU, by SR-IOV")
  }
}

/// A process that uses a vGPU or a virtual function.
struct DeviceUserEntry: Codable, Equatable, Sendable {
  enum Kind: String, Codable, Sendable {
    case vm
    case display
    case program
  }

  var process: Int32
  var kind: Kind
  var name: String

  init(_ user: DeviceUser) {
    process = user.process
    switch user.role {
    case .machine(let name): (kind, self.name) = (.vm, name)
    case .display(let name): (kind, self.name) = (.display, name)
    case .program(let name): (kind, self.name) = (.program, name)
    }
  }

  var text: String {
    switch kind {
    case .vm: "VM \(name) (process \(process))"
    case .display: "display \(name) (process \(process))"
    case .program: "\(name) (process \(process))"
    }
  }
}
