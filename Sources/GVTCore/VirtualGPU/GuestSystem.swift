// Guests whose drivers do not take every type of vGPU.

/// A guest's operating system, where it matters. Linux guests need not say.
package enum GuestSystem: String, CaseIterable, Sendable {
  /// Intel's 32-bit driver for Windows 7 needs more graphics memory than the smallest type has (GVT-g set-up guide).
  case windows7 = "windows7-32"

  /// Whether its driver works on a vGPU of this type.
  package func accepts(_ type: InstanceType) -> Bool {
    switch self {
    case .windows7: type.divisor <= 4
    }
  }
}
