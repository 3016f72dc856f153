// Mediated devices that there are: /sys/bus/mdev/devices.

/// A mediated device, such as a hardware vGPU.
package struct MdevDevice: Equatable, Sendable {
  /// In small letters.
  package let uuid: String
  /// Its type's ``MdevType/id``; nil if the kernel does not say.
  package let type: String?
  /// What it is a part of: its ``MdevParent/name``.
  package let parent: String?
  /// The IOMMU group that a VMM opens; nil while no VFIO driver has the device.
  package let iommuGroup: Int?
  /// Its name in /dev/vfio/devices; nil on kernels before 6.6.
  let characterDevice: String?

  static let folder = "/sys/bus/mdev/devices/"

  /// All of a host's by UUID.
  package static func all(in root: HostRoot) -> [MdevDevice] {
    root.entries(of: folder).compactMap { MdevDevice($0, in: root) }
  }

  /// That one; nil if there is none.
  package init?(_ uuid: String, in root: HostRoot) {
    guard let name = UUIDText.parse(uuid), root.exists(Self.folder + name) else { return nil }
    let place = Self.folder + name
    self.uuid = name
    type = root.linkTarget(place + "/mdev_type")?.split(separator: "/").last.map(String.init)
    parent = root.linkTarget(place)?.split(separator: "/").dropLast().last.map(String.init)
    iommuGroup = root.iommuGroup(of: place)
    characterDevice = root.entries(of: place + "/vfio-dev").first
  }
}
