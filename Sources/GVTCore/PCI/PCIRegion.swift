// The regions of a vGPU as vfio numbers them (`linux/vfio.h`, VFIO_PCI_BAR0_REGION_INDEX and following).

/// What of a device a client can read and write.
package enum PCIRegion: Int, Sendable, CaseIterable {
  /// BAR 0: registers, then the GGTT.
  case registers = 0
  /// BAR 2: the aperture, through which a processor sees the first part of graphics memory.
  case aperture = 2
  /// BAR 4: I/O ports, which nobody has been seen to use.
  case ports = 4
  /// The expansion ROM, if the device has one.
  case rom = 6
  /// The configuration space.
  case configuration = 7

  /// VFIO_PCI_NUM_REGIONS: also BARs 1, 3 and 5 and VGA, which this device has not.
  package static let count = 9

  /// Its size in bytes if that is the same for all devices; a ROM's is not.
  package var byteCount: Int {
    switch self {
    case .registers: MMIO.byteCount
    case .aperture: Aperture.byteCount
    case .ports: 64
    case .rom: 0
    case .configuration: ConfigSpace.byteCount
    }
  }

  /// The part of it that a client may map: the GGTT, whose entries are written without our seeing it.
  package var mappable: Range<Int>? {
    self == .registers ? MMIO.translationTable..<MMIO.byteCount : nil
  }

  /// A base address register (PCI Local Bus 3.0, 6.2.5).
  package struct BAR: Sendable {
    let byteCount: Int
    /// The bits below the address.
    let flags: UInt32
    let isWide: Bool

    /// The address bits that can be set, from which a driver reads the size.
    var addressMask: UInt64 { ~UInt64(byteCount - 1) }
  }

  /// Nil for what has none of the six.
  package var bar: BAR? {
    switch self {
    // 64 bits wide; the aperture is prefetchable.
    case .registers: BAR(byteCount: byteCount, flags: 0x4, isWide: true)
    case .aperture: BAR(byteCount: byteCount, flags: 0xc, isWide: true)
    case .ports: BAR(byteCount: byteCount, flags: 0x1, isWide: false)
    case .rom, .configuration: nil
    }
  }
}
