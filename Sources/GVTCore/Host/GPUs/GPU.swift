// A GPU of a host: what it is, who drives it, what it shows, and how VMs can share it.

/// A display controller on the PCI bus. SR-IOV virtual functions are part of the GPU that they are functions of.
package struct GPU: Equatable, Sendable {
  /// Something that a monitor is plugged into.
  package struct Connector: Equatable, Sendable {
    /// As the kernel names it: `HDMI-A-1`.
    package let name: String
    /// `connected`, `disconnected` or `unknown`.
    package let status: String
    /// The monitor's preferred mode, `1920x1080`.
    package let mode: String?
  }

  /// What SR-IOV offers.
  package struct VirtualFunctions: Equatable, Sendable {
    /// How many there can be.
    package let total: Int
    /// How many there are.
    package let enabled: Int
    package let functions: [VirtualFunction]
  }

  /// One of them, which a VM gets whole.
  package struct VirtualFunction: Equatable, Sendable {
    package let address: PCIAddress
    package let driver: String?
    package let iommuGroup: Int?
    /// NVIDIA's framework without mediated devices: what this function is, or can be made. Nil where that is not used.
    package let vendorTypes: VendorTypes?
  }

  package let identity: PCIIdentity
  /// Nil for other vendors' GPUs, and for Intel's that the table does not know.
  package let generation: IntelGeneration?
  package let driver: String?
  /// Whether the firmware showed its messages there.
  package let isBootDisplay: Bool
  /// `/dev/dri/card0`.
  package let cardNode: String?
  /// `/dev/dri/renderD128`.
  package let renderNode: String?
  package let connectors: [Connector]
  /// Mediated devices that it, or one of its virtual functions, makes.
  package let parents: [MdevParent]
  /// Nil without SR-IOV.
  package let virtualFunctions: VirtualFunctions?

  package var address: PCIAddress { identity.address }

  /// Vendors whose ways to share a GPU are known.
  package enum Vendor: UInt16, Sendable {
    case intel = 0x8086
    case nvidia = 0x10de
    case amd = 0x1002
  }

  package var vendor: Vendor? { Vendor(rawValue: identity.vendorID) }

  /// All GPUs of a host, by address.
  package static func all(in root: HostRoot) -> [GPU] {
    let parents = MdevParent.all(in: root)
    return PCIIdentity.all(in: root).filter(\.isDisplayController).compactMap { identity in
      let isFunction = root.linkTarget("/sys/bus/pci/devices/\(identity.address)/physfn") != nil
      return isFunction ? nil : GPU(identity, parents: parents, in: root)
    }
  }
}

/// Types of vGPU that NVIDIA's driver knows a virtual function by where it does without mediated devices (files in
/// `nvidia/` of the function; NVIDIA vGPU user guide, "Creating an NVIDIA vGPU on a Linux with KVM Hypervisor").
package struct VendorTypes: Equatable, Sendable {
  package struct Kind: Equatable, Sendable {
    package let id: Int
    package let name: String
  }

  /// The type's number; nil while the function is no vGPU.
  package let current: Int?
  /// What it can be made.
  package let creatable: [Kind]

  package init?(at folder: String, in root: HostRoot) {
    guard let current = root.number(folder + "/nvidia/current_vgpu_type") else { return nil }
    self.current = current == 0 ? nil : current
    creatable = Self.kinds(in: root.text(folder + "/nvidia/creatable_vgpu_types") ?? "")
  }

  /// Lines such as `1076  : NVIDIA L4-2Q`, after a head.
  static func kinds(in text: String) -> [Kind] {
    text.split(separator: "\n").compactMap { line in
      let sides = line.split(separator: ":", maxSplits: 1)
      guard sides.count == 2, let id = Int(sides[0].filter { $0 != " " }), id > 0 else { return nil }
      return Kind(id: id, name: String(sides[1].drop { $0 == " " }))
    }
  }
}
