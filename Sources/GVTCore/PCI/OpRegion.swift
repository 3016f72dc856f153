// The OpRegion with a VBT that firmware leaves in memory for i915: it declares our one port, so that i915 neither looks for
// a panel nor makes connectors for ports that are empty.

/// An OpRegion (Intel's ACPI IGD OpRegion specification 2.0; i915 `intel_opregion.c`, `intel_vbt_defs.h`).
///
/// QEMU's vfio-user client does not deliver one, so that the VBT comes in the ``OptionROM``. Whoever wants the OpRegion too
/// can have SeaBIOS deliver it: it copies what `-fw_cfg name=etc/igd-opregion,file=FILE` holds into reserved memory and
/// writes the address into ASLS of any Intel display.
package enum OpRegion {
  package static let byteCount = 8192

  /// For a vGPU of this platform, with a monitor on this connector.
  package static func bytes(for connector: Monitor.Connector, on platform: Platform) -> [UInt8] {
    var region = [UInt8](repeating: 0, count: byteCount)
    region.put(Array("IntelGraphicsMem".utf8), at: 0)
    // The size in KiB, and version 2.0.
    region.put(UInt32(byteCount / 1024), at: 16)
    region.put(UInt32(0x0200_0000), at: 20)
    // Of the mailboxes there is only the VBT's.
    region.put(UInt32(1 << 3), at: 88)
    region.put(videoTables(for: connector, on: platform), at: 0x400)
    return region
  }

  /// The VBT alone: a header of 48 bytes, and one block in the data block that follows.
  package static func videoTables(for connector: Monitor.Connector, on platform: Platform) -> [UInt8] {
    let definitions = generalDefinitions([port(for: connector, pin: platform.ports.gmbusPin)])
    var data = [UInt8](repeating: 0, count: 22)
    data.put(Array("BIOS_DATA_BLOCK ".utf8), at: 0)
    // Version 205, whose ports have 38 bytes.
    data.put(UInt16(205), at: 16)
    data.put(UInt16(22), at: 18)
    data.put(UInt16(22 + definitions.count), at: 20)
    var table = [UInt8](repeating: 0, count: 48)
    table.put(Array("$VBT gvt-vnc        ".utf8), at: 0)
    table.put(UInt16(100), at: 20)
    table.put(UInt16(48), at: 22)
    table.put(UInt16(48 + data.count + definitions.count), at: 24)
    table.put(UInt32(48), at: 28)
    table += data + definitions
    table[26] = table.reduce(0) { $0 &- $1 }
    return table
  }

  /// Block 2: the pin of an analogue output that there is not, the ports' size, and the ports.
  private static func generalDefinitions(_ ports: [[UInt8]]) -> [UInt8] {
    let contents = [2, 0, 0, 0, UInt8(portByteCount)] + ports.flatMap(\.self)
    var header: [UInt8] = [2, 0, 0]
    header.put(UInt16(contents.count), at: 1)
    return header + contents
  }

  private static let portByteCount = 38

  /// `child_device_config` of port B.
  private static func port(for connector: Monitor.Connector, pin: Int) -> [UInt8] {
    var port = [UInt8](repeating: 0, count: portByteCount)
    port.put(UInt16(4), at: 0)
    port[19] = UInt8(truncatingIfNeeded: pin)
    switch connector {
    case .displayPort:
      // DEVICE_TYPE_DP on DVO_PORT_DPB with AUX channel B.
      port.put(UInt16(0x68c6), at: 2)
      port[16] = 7
      port[24] = 0b010
      port[25] = 0x10
    case .hdmi:
      // DEVICE_TYPE_HDMI on DVO_PORT_HDMIB.
      port.put(UInt16(0x60d2), at: 2)
      port[16] = 1
      port[24] = 0b101
    }
    return port
  }
}

extension [UInt8] {
  fileprivate mutating func put(_ bytes: [UInt8], at offset: Int) {
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  /// Little-endian.
  fileprivate mutating func put(_ number: some FixedWidthInteger & UnsignedInteger, at offset: Int) {
    put((0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }, at: offset)
  }
}
