// Why a vGPU's display has no VM to show, and what to say of it.
import GVTCore

/// A reason why there is nothing attached.
enum Absence: Error, Equatable {
  /// There is no mediated device of that UUID.
  case noDevice(mdev: String)
  /// There is one that no VFIO driver has taken.
  case noDriver(mdev: String)
  case noHolder(mdev: String)
  case noProcess(id: Int32)
  case noMachine(name: String)
  /// The process has no mediated device open.
  case noVGPU(process: Int32)
  /// It has others than the one that was named.
  case otherVGPUs([String], process: Int32)
  case several([String], process: Int32)
  case severalMachines([Int32], name: String)
  /// It has devices open that this kernel gives no name to.
  case nameless(process: Int32)
  /// The process that had the device ended, or gave it up.
  case ended
  /// It is known, and we may not take part.
  case forbidden(String)
  /// Something else went wrong with the process.
  case failed(doing: String, SystemFailure)
  /// Told to let go.
  case detached(process: Int32)

  var title: String {
    switch self {
    case .noDevice, .noDriver: "No vGPU"
    case .noHolder, .noProcess, .noMachine, .ended: "The VM is off"
    case .noVGPU, .otherVGPUs, .several, .severalMachines, .nameless: "Which vGPU?"
    case .forbidden: "No permission"
    case .failed: "No connection to the VM"
    case .detached: "Detached"
    }
  }

  var sentence: String {
    switch self {
    case .noDevice(let mdev): "There is no vGPU \(mdev) on this host. It is shown as soon as a VM runs with it."
    case .noDriver(let mdev): "The vGPU \(mdev) has no IOMMU group: the module vfio_mdev, or mdev, is not loaded."
    case .noHolder(let mdev): "No VM has the vGPU \(mdev) open. It is shown as soon as one runs."
    case .noProcess(let id): "There is no process \(id)."
    case .noMachine(let name): "There is no VM named \(quoted(name)). It is shown as soon as it runs."
    case .noVGPU(let process): "Process \(process) has no mediated device open."
    case .otherVGPUs(let mdevs, let process):
      "Process \(process) has other vGPUs open: \(mdevs.joined(separator: ", "))."
    case .several(let mdevs, let process):
      "Process \(process) has several vGPUs: add mdev= with one of \(mdevs.joined(separator: ", ")) to the source."
    case .severalMachines(let ids, let name):
      "There are several VMs named \(quoted(name)), the processes \(ids.map(String.init).joined(separator: ", ")): use pid=."
    case .nameless(let process):
      "Process \(process) has a device open that this kernel gives no name to, and not its group; Linux 7.2 names it."
    case .ended: "The VM has ended. It is shown again as soon as it runs."
    case .forbidden(let sentence): sentence
    case .failed(let doing, let failure): "\(doing) failed: \(failure.reason) (\(failure.call))."
    case .detached(let process):
      "This display has let go of process \(process). It comes back when the VM is started anew, or after gvt-vnc attach."
    }
  }

  /// Nothing changes unless somebody does something about it.
  var isFailure: Bool {
    switch self {
    case .noDevice, .noHolder, .noProcess, .noMachine, .noVGPU, .ended, .detached: false
    case .noDriver, .otherVGPUs, .several, .severalMachines, .nameless, .forbidden, .failed: true
    }
  }

  var status: SourceStatus { isFailure ? .failed(sentence) : .waiting(sentence) }
  var card: StatusCard { StatusCard(title: title, detail: sentence) }
}
