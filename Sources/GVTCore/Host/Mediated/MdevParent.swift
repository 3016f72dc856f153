// Devices whose drivers make mediated devices, and the types that they make: /sys/class/mdev_bus.

/// A type of mediated device that a parent makes (Documentation/driver-api/vfio-mediated-device.rst).
package struct MdevType: Equatable, Sendable {
  /// Its folder's name, by which it is asked for: `i915-GVTg_V5_4`, `nvidia-230`.
  package let id: String
  /// What its driver calls it: `GVTg_V5_4`, `GRID T4-1Q`.
  package let name: String?
  /// The driver's words about it, often several lines.
  package let description: String?
  /// How many more there can be; nil if the driver does not say.
  package let available: Int?
  /// `vfio-pci`.
  package let deviceAPI: String?
  /// Those that there are, by UUID.
  package let instances: [String]

  /// The number in a description that a label leads: GVT-g's `low_gm_size: 64MB`, NVIDIA's `framebuffer=1024M`.
  package func number(labelled label: String) -> Int? {
    value(labelled: label).flatMap { Int($0.prefix { ("0"..."9").contains($0) }) }
  }

  /// What stands behind a label in the description.
  package func value(labelled label: String) -> String? {
    let parts = (description ?? "").split { $0 == "\n" || $0 == "," }
    for part in parts {
      let sides = part.split(maxSplits: 1) { $0 == ":" || $0 == "=" }
      guard sides.count == 2, sides[0].drop(while: { $0 == " " }) == label else { continue }
      return String(sides[1].drop { $0 == " " })
    }
    return nil
  }
}

/// A device that mediated devices are parts of: a GPU, one of its virtual functions, or anything else that a driver has
/// registered.
package struct MdevParent: Equatable, Sendable {
  /// As in /sys/class/mdev_bus: a PCI address, or a name such as `mbochs`.
  package let name: String
  /// Nil if it is not on the PCI bus.
  package let address: PCIAddress?
  /// The GPU that it is an SR-IOV virtual function of.
  package let physicalFunction: PCIAddress?
  package let types: [MdevType]

  /// Mediated devices of all types.
  package var instances: [String] { types.flatMap(\.instances).sorted() }

  static let folder = "/sys/class/mdev_bus/"

  /// More than any driver has; a count above it is none.
  private static let mostInstances = 1 << 20

  /// All of a host's by name.
  package static func all(in root: HostRoot) -> [MdevParent] {
    root.entries(of: folder).map { MdevParent(name: $0, in: root) }
  }

  /// One that is not on the PCI bus.
  init(name: String, types: [MdevType]) {
    self.name = name
    self.types = types
    address = nil
    physicalFunction = nil
  }

  private init(name: String, in root: HostRoot) {
    self.name = name
    let place = Self.folder + name
    address = PCIAddress(name)
    physicalFunction = root.linkTarget(place + "/physfn")?.split(separator: "/").last.flatMap { PCIAddress($0) }
    let ids = root.entries(of: place + "/mdev_supported_types")
    types = ids.map { Self.type($0, at: place + "/mdev_supported_types/" + $0, in: root) }
      .sorted { $0.id.comesBefore($1.id) }
  }

  private static func type(_ id: String, at folder: String, in root: HostRoot) -> MdevType {
    let count = root.number(folder + "/available_instances")
    return MdevType(
      id: id, name: root.nonEmptyText(folder + "/name"), description: root.nonEmptyText(folder + "/description"),
      available: count.flatMap { (0...mostInstances).contains($0) ? $0 : nil },
      deviceAPI: root.nonEmptyText(folder + "/device_api"),
      instances: root.entries(of: folder + "/devices").compactMap { UUIDText.parse($0) })
  }
}

extension HostRoot {
  /// A small file's text; nil if there is none, or nothing in it.
  func nonEmptyText(_ path: String) -> String? { text(path).flatMap { $0.isEmpty ? nil : $0 } }
}

extension String {
  /// Names with numbers in them in the order of the numbers: `nvidia-63` before `nvidia-222`.
  func comesBefore(_ other: String) -> Bool {
    func key(_ text: String) -> (String, Int) {
      let digits = text.utf8.reversed().prefix { (48...57).contains($0) }.count
      return (String(text.dropLast(digits)), Int(text.suffix(digits)) ?? 0)
    }
    return key(self) < key(other)
  }
}
