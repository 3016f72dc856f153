// The expansion ROM: an envelope in which a driver finds the video BIOS tables.

/// A ROM for a PC's firmware (PCI Firmware Specification 3.0, chapter 5) whose code does nothing.
///
/// It is how the tables reach a guest. The proper place would be the OpRegion, but QEMU's vfio-user client cannot deliver
/// one: `etc/igd-opregion` is made by `vfio_pci_igd_opregion_init` (hw/vfio/igd.c), which is reached only through
/// `vfio_config_quirk_setup` from `vfio_pci_realize`; `vfio_user_pci_realize` (hw/vfio-user/pci.c) does not call it, its
/// device has no property `x-igd-opregion`, and QEMU 11.1.3 does not ask for a tenth region that is offered. i915 without
/// an OpRegion looks for the tables in the ROM (`oprom_get_vbt`, intel_bios.c), of which SeaBIOS leaves a copy at 0xc0000
/// where Linux reads it. UEFI firmware leaves none, so that guests of OVMF do without tables.
package struct OptionROM: Sendable, Equatable {
  /// The ROM's contents, a power of two of at least 2 KiB.
  package let bytes: [UInt8]

  private static let structure = 0x1c
  private static let tables = 0x40
  /// Bytes of the largest tables: the ROM has to fit between 0xc0000 and what else the firmware keeps there.
  package static let mostTableBytes = 32768 - tables - 1

  /// Nil if the tables are too large.
  package init?(_ platform: Platform, videoTables: [UInt8]) {
    guard videoTables.count <= Self.mostTableBytes else { return nil }
    var size = 2048
    // The last byte is the checksum.
    while size < Self.tables + videoTables.count + 1 { size *= 2 }
    var bytes = [UInt8](repeating: 0, count: size)
    bytes.store(UInt16(0xaa55), at: 0)
    bytes[2] = UInt8(size / 512)
    // Where the firmware calls: "retf".
    bytes[3] = 0xcb
    bytes.store(UInt16(Self.structure), at: 0x18)
    bytes.replaceSubrange(Self.structure..<Self.structure + 4, with: Array("PCIR".utf8))
    bytes.store(UInt16(0x8086), at: Self.structure + 4)
    bytes.store(platform.deviceID, at: Self.structure + 6)
    // The structure's length; its revision is 0. Then the class code, whose last byte says display.
    bytes.store(UInt16(0x18), at: Self.structure + 0xa)
    bytes[Self.structure + 0xf] = 0x03
    bytes.store(UInt16(size / 512), at: Self.structure + 0x10)
    // PC code (0x14 is 0), and no image follows.
    bytes[Self.structure + 0x15] = 0x80
    bytes.replaceSubrange(Self.tables..<Self.tables + videoTables.count, with: videoTables)
    bytes[size - 1] = 0 &- bytes.reduce(0, &+)
    self.bytes = bytes
  }
}
