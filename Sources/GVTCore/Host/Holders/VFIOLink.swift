// What an open file below /dev/vfio is, from its link in /proc/PID/fd.

/// A VFIO device as a process has it open.
package enum VFIOLink: Hashable, Sendable {
  /// Through its IOMMU group: /dev/vfio/12.
  case group(Int)
  /// By itself: /dev/vfio/devices/vfio3, in kernels with VFIO_DEVICE_CDEV.
  case device(String)

  /// A VM in a container of its own may have its devices elsewhere than in /dev: the end of the path decides.
  package init?(_ link: String) {
    let parts = link.split(separator: "/").suffix(3)
    guard let name = parts.last, let folder = parts.dropLast().last else { return nil }
    if folder == "vfio", let group = Int(name) {
      self = .group(group)
    } else if folder == "devices", parts.count == 3, parts.first == "vfio" {
      self = .device(String(name))
    } else {
      return nil
    }
  }
}
