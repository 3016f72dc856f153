// A VM whose device we may take part in: its process, held by a pidfd, and the way from there to the device.
import GVTCore
import Glibc

/// One process that has the vGPU open. The device itself is held only by whoever opens it here, and for as long as that one
/// keeps it: while we hold it, the VM cannot be started anew.
final class VMAttachment {
  let holding: DeviceHolding
  let process: ProcessHandle
  private let root: HostRoot
  private let access: any HolderAccess
  private let marks: HoldingMarks
  /// Where the device was found last.
  private var latest: DeviceHolding

  init(_ holding: DeviceHolding, access: any HolderAccess, in root: HostRoot) throws(Absence) {
    self.holding = holding
    self.root = root
    self.access = access
    marks = HoldingMarks(in: root)
    latest = holding
    do {
      process = try access.process(holding.process.id)
    } catch {
      throw error.code == ESRCH ? .ended : .failed(doing: "Watching process \(holding.process.id)", error)
    }
    // The number may have come to mean somebody else since the search. If it means the same now, and the process of the pidfd
    // has not ended, then all of that was this one.
    guard ProcessIdentity(holding.process.id, in: root) == holding.process, !process.hasEnded else { throw .ended }
  }

  /// Whether the process still has the device open.
  var isHeld: Bool {
    if process.hasEnded { return false }
    if root.linkTarget("/proc/\(holding.process.id)/fd/\(latest.descriptor)") == latest.link { return true }
    guard let found = current else { return false }
    latest = found
    return true
  }

  private var current: DeviceHolding? {
    marks.holdings(of: holding.process.id).first { $0.mdev == holding.mdev && $0.process == holding.process }
  }

  /// A descriptor of our own for the device.
  func openDevice() throws(Absence) -> any GraphicsPlaneDevice {
    guard isHeld else { throw .ended }
    let copy: OwnedDescriptor
    do {
      copy = try access.duplicate(latest.descriptor, of: process)
    } catch {
      throw refusal(error)
    }
    // The descriptor's number may have come to mean something else as well: what we have is what counts.
    guard access.link(of: copy) == latest.link else { throw .ended }
    switch latest.kind {
    case .device: return access.device(copy)
    case .group:
      do {
        return try access.device(named: holding.mdev, of: copy)
      } catch {
        throw error.code == ENODEV ? .ended : .failed(doing: "Opening the vGPU \(holding.mdev)", error)
      }
    }
  }

  private func refusal(_ failure: SystemFailure) -> Absence {
    let process = holding.process.id
    switch failure.code {
    case ESRCH, EBADF: return .ended
    case EPERM, EACCES:
      let known = TraceRights(in: root).obstacle(toProcess: process, in: root)
      return .forbidden(
        known
          ?? "The kernel does not let gvt-vnc take part in what process \(process) has open: a security module such as AppArmor"
          + " or SELinux may forbid it.")
    default: return .failed(doing: "Taking part in what process \(process) has open", failure)
    }
  }
}
