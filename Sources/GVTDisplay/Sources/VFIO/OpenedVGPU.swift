// Everything that is held of a VM's vGPU while somebody looks.
import GVTCore

/// A device of ours and what hangs on it: letting go of this lets go of the VM's device.
final class OpenedVGPU {
  let planes: DevicePlanes
  let reader: VFIOPlaneReader
  /// Nil where the guest cannot be asked for another size.
  let monitor: MonitorRegion?

  init(_ device: any GraphicsPlaneDevice, importer: DMABufImporter, ledger: PlaneLedger, on loop: EventLoop) {
    planes = DevicePlanes(device, importer: importer, ledger: ledger) { loop.now }
    reader = VFIOPlaneReader(planes, on: loop)
    monitor = MonitorRegion(of: device, on: loop)
  }
}

/// What is known of the VM from outside.
struct VFIOMachine: Equatable {
  let process: Int32
  let mdev: String
  /// Nil where the VMM is not QEMU, or was given no name.
  let name: String?
  let qmpSocketPaths: [String]
  /// What made the vGPU: `i915`, `nvidia`, `mbochs`.
  let driver: String
  /// The path in /sys of the GPU that it is a part of.
  let parent: String?

  init(_ holding: DeviceHolding, in root: HostRoot) {
    process = holding.process.id
    mdev = holding.mdev
    let qemu = QEMUProcess(id: holding.process.id, in: root)
    name = qemu?.name
    qmpSocketPaths = qemu?.qmpSocketPaths ?? []
    let device = root.resolved("/sys/bus/mdev/devices/\(mdev)")
    let parent = device.map { String($0.dropLast(holding.mdev.utf8.count + 1)) }
    self.parent = parent
    // A device without hardware has no driver, and is named by its class (samples/vfio-mdev).
    let names = ["driver", "subsystem"].compactMap { link in
      parent.flatMap { root.linkTarget($0 + "/" + link) }?.split(separator: "/").last.map(String.init)
    }
    driver = names.first ?? "vfio"
  }
}
