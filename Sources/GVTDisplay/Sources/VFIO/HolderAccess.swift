// What attaching to a VM asks of the kernel, so that a test can be the kernel.
import GVTCore

/// The calls that make a part of another process's device ours.
protocol HolderAccess {
  func process(_ id: Int32) throws(SystemFailure) -> ProcessHandle
  func duplicate(_ descriptor: Int32, of process: ProcessHandle) throws(SystemFailure) -> OwnedDescriptor
  /// What our own descriptor's link says.
  func link(of descriptor: borrowing OwnedDescriptor) -> String?
  /// The device of that name of a group.
  func device(named name: String, of group: borrowing OwnedDescriptor) throws(SystemFailure) -> any GraphicsPlaneDevice
  /// A descriptor that is a device's.
  func device(_ descriptor: consuming OwnedDescriptor) -> any GraphicsPlaneDevice
}

/// This host's kernel.
struct KernelHolderAccess: HolderAccess {
  func process(_ id: Int32) throws(SystemFailure) -> ProcessHandle { try ProcessHandle(opening: id) }

  func duplicate(_ descriptor: Int32, of process: ProcessHandle) throws(SystemFailure) -> OwnedDescriptor {
    try process.duplicate(descriptor)
  }

  func link(of descriptor: borrowing OwnedDescriptor) -> String? {
    Files.linkTarget("/proc/self/fd/\(descriptor.raw)")
  }

  func device(named name: String, of group: borrowing OwnedDescriptor) throws(SystemFailure) -> any GraphicsPlaneDevice
  {
    try VFIODevice(named: name, of: group)
  }

  func device(_ descriptor: consuming OwnedDescriptor) -> any GraphicsPlaneDevice { VFIODevice(descriptor) }
}
