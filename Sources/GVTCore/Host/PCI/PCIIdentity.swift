// What a PCI device says it is, from /sys: of our own host libpciaccess reads it, of any other tree we do.

/// A PCI device's identity.
package struct PCIIdentity: Equatable, Sendable {
  package let address: PCIAddress
  package let vendorID: UInt16
  package let deviceID: UInt16
  package let subsystemVendorID: UInt16
  package let subsystemDeviceID: UInt16
  /// Base class, subclass and programming interface: 0x030000 is a VGA controller.
  package let classCode: UInt32
  package let revision: UInt8
  /// The vendor's name in pci.ids.
  package var vendorName: String?
  /// The device's name in pci.ids.
  package var deviceName: String?

  package init(
    address: PCIAddress, vendorID: UInt16, deviceID: UInt16, subsystemVendorID: UInt16, subsystemDeviceID: UInt16,
    classCode: UInt32, revision: UInt8, vendorName: String? = nil, deviceName: String? = nil
  ) {
    self.address = address
    self.vendorID = vendorID
    self.deviceID = deviceID
    self.subsystemVendorID = subsystemVendorID
    self.subsystemDeviceID = subsystemDeviceID
    self.classCode = classCode
    self.revision = revision
    self.vendorName = vendorName
    self.deviceName = deviceName
  }

  /// VGA, 3D and other display controllers.
  package var isDisplayController: Bool { classCode >> 16 == 3 }

  /// All devices of a host by address; none if it has no PCI bus.
  package static func all(in root: HostRoot) -> [PCIIdentity] {
    let devices = root.isThisHost ? PCILibrary.devices() : nil
    return (devices ?? inFiles(of: root)).sorted { $0.address < $1.address }
  }

  /// The same from files: libpciaccess cannot be told of another root.
  package static func inFiles(of root: HostRoot) -> [PCIIdentity] {
    let devices = root.entries(of: "/sys/bus/pci/devices").compactMap { PCIAddress($0) }.compactMap {
      PCIIdentity(at: $0, in: root)
    }
    let names = PCINames(of: Set(devices.map(\.vendorID)), in: root)
    return devices.map { device in
      var named = device
      named.vendorName = names.vendor(device.vendorID)
      named.deviceName = names.device(device.deviceID, of: device.vendorID)
      return named
    }
  }

  /// The kernel's own files first: an SR-IOV virtual function's config space knows neither vendor nor device, and reading
  /// config space may wake a device that sleeps.
  private init?(at address: PCIAddress, in root: HostRoot) {
    let folder = "/sys/bus/pci/devices/\(address)/"
    func number(_ name: String, below limit: Int) -> Int? {
      guard let number = root.number(folder + name), (0..<limit).contains(number) else { return nil }
      return number
    }
    if let vendor = number("vendor", below: 1 << 16), let device = number("device", below: 1 << 16),
      let classCode = number("class", below: 1 << 24)
    {
      self.init(
        address: address, vendorID: UInt16(vendor), deviceID: UInt16(device),
        subsystemVendorID: UInt16(number("subsystem_vendor", below: 1 << 16) ?? 0),
        subsystemDeviceID: UInt16(number("subsystem_device", below: 1 << 16) ?? 0), classCode: UInt32(classCode),
        revision: UInt8(number("revision", below: 1 << 8) ?? 0))
    } else if let header = try? root.bytes(folder + "config", limit: 4096) {
      self.init(at: address, header: header)
    } else {
      return nil
    }
  }

  /// From the beginning of its config space (PCI Local Bus Specification, 6.1).
  init?(at address: PCIAddress, header: [UInt8]) {
    guard header.count >= 64 else { return nil }
    func word(_ offset: Int) -> UInt16 { UInt16(header[offset]) | UInt16(header[offset + 1]) << 8 }
    // What is not there reads as ones.
    guard word(0) != 0xffff else { return nil }
    self.init(
      address: address, vendorID: word(0), deviceID: word(2), subsystemVendorID: word(0x2c),
      subsystemDeviceID: word(0x2e), classCode: UInt32(word(0x0a)) << 8 | UInt32(header[9]), revision: header[8])
  }
}
