// The PCI configuration space of a vGPU: values, and which bits of them a guest can change.

/// 256 bytes of configuration space, type 0 header (PCI Local Bus 3.0, chapter 6), as those of Intel's graphics.
package struct ConfigSpace: Sendable, Equatable {
  package static let byteCount = 256

  /// What a write asks for beyond being stored.
  package enum Effect: Hashable, Sendable {
    /// Function level reset: everything back to power-on.
    case reset
    /// INTx was enabled or disabled in the command register.
    case interruptDisableChanged
  }

  /// Offsets, as `linux/pci_regs.h` and i915 (`intel_pci_config.h`) name them.
  package enum Offset {
    package static let command = 0x04
    package static let status = 0x06
    package static let revision = 0x08
    package static let classCode = 0x09
    package static let cacheLineSize = 0x0c
    package static let latencyTimer = 0x0d
    package static func bar(_ number: Int) -> Int { 0x10 + 4 * number }
    package static let subsystem = 0x2c
    package static let rom = 0x30
    package static let capabilities = 0x34
    package static let interruptLine = 0x3c
    package static let interruptPin = 0x3d
    /// GGC, the graphics control register.
    package static let graphicsControl = 0x50
    /// BDSM, where stolen memory begins.
    package static let stolenMemory = 0x5c
    /// MSAC, the aperture's size.
    package static let apertureSize = 0x62
    package static let messageInterrupt = 0x90
    package static let advancedFeatures = 0xa4
    package static let powerManagement = 0xd0
    package static let powerState = 0xd4
    /// SWSCI, with which a driver calls the firmware.
    package static let firmwareCall = 0xe8
    /// ASLS, the OpRegion's address, which the firmware fills in.
    package static let opRegion = 0xfc
  }

  private static let flrBit: UInt8 = 1

  private var values = [UInt8](repeating: 0, count: byteCount)
  private let masks: [UInt8]

  /// As at power-on, with an expansion ROM of that many bytes, a power of two or none.
  package init(_ platform: Platform, romBytes: Int = 0) {
    var draft = Draft()
    Self.addHeader(of: platform, to: &draft)
    // The address, and bit 0 that enables it.
    if romBytes > 0 { draft.set(Offset.rom, UInt32(0), writable: UInt32(truncatingIfNeeded: -romBytes) | 1) }
    Self.addGraphics(to: &draft)
    Self.addCapabilities(to: &draft)
    values = draft.values
    masks = draft.masks
  }

  package subscript(offset: Int) -> UInt8 { values[offset] }

  /// All bytes, for a dump or a snapshot.
  package var bytes: [UInt8] { values }

  /// Whether the guest has disabled INTx in the command register.
  package var isInterruptDisabled: Bool { values[Offset.command + 1] & 0x04 != 0 }

  /// Takes the writable bits of a snapshot's bytes.
  package mutating func load(_ bytes: [UInt8]) {
    for offset in 0..<min(bytes.count, Self.byteCount) {
      values[offset] = values[offset] & ~masks[offset] | bytes[offset] & masks[offset]
    }
  }

  /// A guest's write of one byte; wider ones are several.
  package mutating func write(_ value: UInt8, at offset: Int) -> Effect? {
    let old = values[offset]
    switch offset {
    case Offset.powerState:
      // Only D0 and D3hot exist; anything else leaves the state alone (PCI PM 1.2, 3.2.4).
      if value & 3 == 0 || value & 3 == 3 { values[offset] = old & ~3 | value & 3 }
      return nil
    case Offset.advancedFeatures + 4:
      return value & Self.flrBit != 0 ? .reset : nil
    default:
      values[offset] = old & ~masks[offset] | value & masks[offset]
      return offset == Offset.command + 1 && (old ^ values[offset]) & 0x04 != 0 ? .interruptDisableChanged : nil
    }
  }

  // MARK: - Contents

  private struct Draft {
    var values = [UInt8](repeating: 0, count: ConfigSpace.byteCount)
    var masks = [UInt8](repeating: 0, count: ConfigSpace.byteCount)

    mutating func set<Word: FixedWidthInteger>(_ offset: Int, _ value: Word, writable: Word = 0) {
      for index in 0..<Word.bitWidth / 8 {
        values[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        masks[offset + index] = UInt8(truncatingIfNeeded: writable >> (8 * index))
      }
    }
  }

  private static func addHeader(of platform: Platform, to draft: inout Draft) {
    draft.set(0x00, UInt16(0x8086))
    draft.set(0x02, platform.deviceID)
    // I/O, memory, bus master, parity and system errors, INTx disable.
    draft.set(Offset.command, UInt16(0), writable: 0x0547)
    // There is a list of capabilities.
    draft.set(Offset.status, UInt16(0x0010))
    draft.set(Offset.revision, platform.revision)
    // VGA compatible controller.
    draft.set(Offset.classCode, UInt16(0x0000))
    draft.set(Offset.classCode + 2, UInt8(0x03))
    draft.set(Offset.cacheLineSize, UInt8(0), writable: 0xff)
    draft.set(Offset.latencyTimer, UInt8(0), writable: 0xff)
    for region in [PCIRegion.registers, .aperture, .ports] {
      guard let bar = region.bar else { continue }
      let offset = Offset.bar(region.rawValue)
      draft.set(offset, bar.flags, writable: UInt32(truncatingIfNeeded: bar.addressMask))
      if bar.isWide { draft.set(offset + 4, UInt32(0), writable: UInt32(truncatingIfNeeded: bar.addressMask >> 32)) }
    }
    draft.set(Offset.subsystem, UInt16(0x8086))
    draft.set(Offset.subsystem + 2, UInt16(0x2212))
    draft.set(Offset.capabilities, UInt8(Offset.messageInterrupt))
    draft.set(Offset.interruptLine, UInt8(0xff), writable: 0xff)
    // INTA#
    draft.set(Offset.interruptPin, UInt8(1))
  }

  private static func addGraphics(to draft: inout Draft) {
    // GGMS (7:6) = 3: a table of 8 MiB. GMS (15:8) = 0: no stolen memory.
    draft.set(Offset.graphicsControl, UInt16(0x00c0))
    draft.set(Offset.stolenMemory, UInt32(0))
    // 256 MiB.
    draft.set(Offset.apertureSize, UInt8(0x01))
    draft.set(Offset.firmwareCall, UInt16(0), writable: 0xffff)
    draft.set(Offset.opRegion, UInt32(0), writable: .max)
  }

  private static func addCapabilities(to draft: inout Draft) {
    // MSI, one vector, 32-bit address (PCI 3.0, 6.8.1).
    let message = Offset.messageInterrupt
    draft.set(message, UInt8(0x05))
    draft.set(message + 1, UInt8(Offset.powerManagement))
    draft.set(message + 2, UInt16(0), writable: 0x0001)
    draft.set(message + 4, UInt32(0), writable: 0xffff_fffc)
    draft.set(message + 8, UInt16(0), writable: 0xffff)
    // Power management, version 2, device specific initialisation; D3hot keeps the state.
    let power = Offset.powerManagement
    draft.set(power, UInt8(0x01))
    draft.set(power + 1, UInt8(Offset.advancedFeatures))
    draft.set(power + 2, UInt16(0x0022))
    draft.set(Offset.powerState, UInt16(0x0008))
    // Advanced features: function level reset, and the bit that says whether transactions are pending (never).
    let advanced = Offset.advancedFeatures
    draft.set(advanced, UInt8(0x13))
    draft.set(advanced + 1, UInt8(0))
    draft.set(advanced + 2, UInt8(6))
    draft.set(advanced + 3, UInt8(0x03))
  }
}
