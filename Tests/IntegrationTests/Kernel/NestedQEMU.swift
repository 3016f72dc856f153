// A real QEMU in the host VM, with an mdev as its only display and no idea that somebody looks at it.
import TestSupport

final class NestedQEMU {
  private static let qemu = "/usr/bin/qemu-system-x86_64"
  private static let accelerator = "/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"
  private static let firmware = "/usr/share/seabios"

  /// For the VM's settings.
  static let files =
    [qemu, accelerator, firmware] + ["kvmvapic.bin", "linuxboot_dma.bin"].map { "/usr/share/qemu/\($0)" }
}
