// The door to libpciaccess, which finds our host's PCI devices and their names.
import CPCIAccess

enum PCILibrary {
  /// The library has one state for the whole process.
  private static let isBusy = Locked(())

  /// All PCI devices of this host; nil if the library finds no PCI bus.
  static func devices() -> [PCIIdentity]? {
    isBusy.withLock { _ in
      guard pci_system_init() == 0 else { return nil }
      defer { pci_system_cleanup() }
      guard let iterator = unsafe pci_slot_match_iterator_create(nil) else { return nil }
      defer { unsafe pci_iterator_destroy(iterator) }
      var devices: [PCIIdentity] = []
      while let device = unsafe pci_device_next(iterator) { devices.append(unsafe identity(device)) }
      return devices
    }
  }

  private static func identity(_ device: UnsafeMutablePointer<pci_device>) -> PCIIdentity {
    // Fills in the class and the subsystem on systems where the scan has not; its failure changes nothing here.
    unsafe pci_device_probe(device)
    let found = unsafe device.pointee
    let address = PCIAddress(domain: found.domain, bus: found.bus, slot: found.dev, function: found.func)
    return PCIIdentity(
      address: address, vendorID: found.vendor_id, deviceID: found.device_id, subsystemVendorID: found.subvendor_id,
      subsystemDeviceID: found.subdevice_id, classCode: found.device_class & 0xff_ffff, revision: found.revision,
      vendorName: unsafe text(pci_device_get_vendor_name(device)),
      deviceName: unsafe text(pci_device_get_device_name(device)))
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe String(cString: pointer)
  }
}
