// How a GPU is read from /sys.

extension GPU {
  init(_ identity: PCIIdentity, parents: [MdevParent], in root: HostRoot) {
    let folder = "/sys/bus/pci/devices/\(identity.address)"
    self.identity = identity
    generation = identity.vendorID == Vendor.intel.rawValue ? IntelGeneration(deviceID: identity.deviceID) : nil
    driver = Self.driver(at: folder, in: root)
    isBootDisplay = root.number(folder + "/boot_vga") == 1
    let nodes = root.entries(of: folder + "/drm")
    let card = nodes.first { $0.isNumbered(after: "card") }
    cardNode = card.map { "/dev/dri/" + $0 }
    renderNode = nodes.first { $0.isNumbered(after: "renderD") }.map { "/dev/dri/" + $0 }
    connectors = card.map { Self.connectors(of: $0, in: folder + "/drm/" + $0, root) } ?? []
    virtualFunctions = Self.virtualFunctions(at: folder, in: root)
    let addresses = [identity.address] + (virtualFunctions?.functions.map(\.address) ?? [])
    self.parents = parents.filter { $0.address.map(addresses.contains) ?? false }
  }

  /// The bound driver's name.
  static func driver(at folder: String, in root: HostRoot) -> String? {
    root.linkTarget(folder + "/driver")?.split(separator: "/").last.map(String.init)
  }

  private static func connectors(of card: String, in folder: String, _ root: HostRoot) -> [Connector] {
    root.entries(of: folder).filter { $0.hasPrefix(card + "-") }.map { entry in
      Connector(
        name: String(entry.dropFirst(card.count + 1)), status: root.text(folder + "/\(entry)/status") ?? "unknown",
        mode: root.text(folder + "/\(entry)/modes")?.split(separator: "\n").first.map(String.init))
    }
  }

  /// Links `virtfn0`, `virtfn1` and so on lead to the functions (Documentation/ABI/testing/sysfs-bus-pci).
  private static func virtualFunctions(at folder: String, in root: HostRoot) -> VirtualFunctions? {
    guard let total = root.number(folder + "/sriov_totalvfs"), (1...65535).contains(total) else { return nil }
    let links = root.entries(of: folder).filter { $0.isNumbered(after: "virtfn") }
    let addresses = links.compactMap { link in
      root.linkTarget("\(folder)/\(link)")?.split(separator: "/").last.flatMap { PCIAddress($0) }
    }
    let functions = addresses.sorted().map { address in
      let place = "/sys/bus/pci/devices/\(address)"
      return VirtualFunction(
        address: address, driver: driver(at: place, in: root), iommuGroup: root.iommuGroup(of: place),
        vendorTypes: VendorTypes(at: place, in: root))
    }
    let enabled = root.number(folder + "/sriov_numvfs") ?? functions.count
    return VirtualFunctions(
      total: total, enabled: (0...total).contains(enabled) ? enabled : functions.count, functions: functions)
  }
}

extension HostRoot {
  /// The number of the IOMMU group that a device of /sys is in.
  func iommuGroup(of device: String) -> Int? {
    linkTarget(device + "/iommu_group")?.split(separator: "/").last.flatMap { Int($0) }
  }
}

extension String {
  /// Whether it is `prefix` and then digits only.
  func isNumbered(after prefix: String) -> Bool {
    let rest = utf8.dropFirst(prefix.utf8.count)
    return hasPrefix(prefix) && !rest.isEmpty && rest.allSatisfy { (48...57).contains($0) }
  }
}
