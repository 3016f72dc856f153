// How a VM with a vGPU gets from one QEMU to another, although QEMU does not carry the vGPU along.
import ArgumentParser

/// A way that works. Each was found by trying QEMU 11.1 (docs/vgpu.md).
enum MigrationMethod: String, CaseIterable, ExpressibleByArgument {
  /// The guest runs on and notices nothing: we carry the vGPU's state ourselves.
  case live
  /// The guest sleeps (S3) meanwhile; its driver sets up the vGPU anew when it wakes.
  case suspend
  /// The vGPU is unplugged and plugged in again.
  case replug
}
