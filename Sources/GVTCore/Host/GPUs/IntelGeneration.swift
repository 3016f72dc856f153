// Generations of Intel's graphics: which GPU is which, and what of it can be shared with VMs.

/// A family of Intel GPUs.
package struct IntelGeneration: Hashable, Sendable {
  /// What Linux' i915 does with GVT-g on it (`intel_gvt.c`, `is_supported_device`).
  package enum GVT: Hashable, Sendable {
    /// From Broadwell to Comet Lake.
    case supported
    /// Before Broadwell, and some small processors after it.
    case never
    /// After Comet Lake.
    case ended
  }

  /// As Intel calls it: `Kaby Lake`.
  package let name: String
  /// Of its graphics: `9.5`.
  package let version: String
  package let gvt: GVT

  init(_ name: String, _ version: String, _ gvt: GVT) {
    self.name = name
    self.version = version
    self.gvt = gvt
  }

  /// Which GPU has that PCI device id; nil if the table does not know it.
  package init?(deviceID: UInt16) {
    guard let generation = Self.byDeviceID[deviceID] else { return nil }
    self = generation
  }

  private static let byDeviceID: [UInt16: IntelGeneration] = table.reduce(into: [:]) { known, row in
    for id in row.deviceIDs { known[id] = row.generation }
  }
}
