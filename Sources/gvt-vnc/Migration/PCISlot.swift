// The vGPU's place in a QEMU, and its configuration space as QEMU has it, written from outside.
import Foundation
import GVTCore
import GVTDisplay

/// Where a PCI function is in a VM (`query-pci`).
struct PCISlot: Equatable {
  let bus: Int
  let slot: Int
  let function: Int
  /// The `id=` that the device was given; empty if none was.
  let identifier: String
  /// The `id=` of the bridge or root port that it is behind.
  let bridge: String?

  /// As QEMU's `addr=` has it.
  var address: String { String(format: "%02x.%x", slot, function) }

  fileprivate struct Bus: Decodable {
    var devices: [Device]
  }
  fileprivate struct Device: Decodable {
    struct Identity: Decodable {
      var vendor: Int
      var device: Int
    }
    struct Bridge: Decodable { var devices: [Device]? }
    var bus: Int
    var slot: Int
    var function: Int
    var id: Identity
    var identifier: String
    var bridge: Bridge?

    private enum CodingKeys: String, CodingKey {
      case bus, slot, function, id
      case identifier = "qdev_id"
      case bridge = "pci_bridge"
    }
  }
}

extension QMPClient {
  /// The vGPU that this VM has, by its vendor and device numbers; nil if it has none.
  func findVirtualGPU(deviceID: UInt16) throws(CommandFailure) -> PCISlot? {
    let buses: [PCISlot.Bus] = try ask("query-pci")
    var found: [PCISlot] = []
    func look(_ devices: [PCISlot.Device], behind bridge: String?) {
      for device in devices {
        if device.id.vendor == 0x8086, device.id.device == Int(deviceID) {
          found.append(
            PCISlot(
              bus: device.bus, slot: device.slot, function: device.function, identifier: device.identifier,
              bridge: bridge))
        }
        look(device.bridge?.devices ?? [], behind: device.identifier)
      }
    }
    for bus in buses { look(bus.devices, behind: nil) }
    guard found.count < 2 else {
      throw CommandFailure(.unavailable, "\(role) has \(found.count) vGPUs, and only one can be moved or restored")
    }
    return found.first
  }
}

/// Writes a function's configuration space as a guest would: by the ports 0xcf8 and 0xcfc, through QEMU's monitor. QEMU
/// 11 keeps of a vfio-user device neither BARs nor interrupts over a migration, and takes them from nobody else.
struct PCIConfigurator {
  private static let addressPort = 0xcf8
  private static let dataPort = 0xcfc

  let qemu: QMPClient
  let slot: PCISlot

  /// Makes QEMU map the BARs and connect the interrupt that `configuration` says. The guest must stand still.
  func program(_ configuration: [UInt8]) throws(CommandFailure) {
    let space = SavedConfiguration(bytes: configuration)
    // The guest may be between the two steps of an access of its own.
    let address = try input(Self.addressPort)
    for (offset, value, width) in space.writes { try write(value, width, at: offset) }
    let base = try read(0x10)
    try output(address, to: Self.addressPort, width: 4)
    guard base == space.word(0x10) else {
      throw CommandFailure(
        .unavailable, "\(qemu.role) does not take the vGPU's BARs: \(String(base, radix: 16)) is what it has")
    }
  }

  private func select(_ offset: Int) throws(CommandFailure) {
    let place = slot.bus << 16 | slot.slot << 11 | slot.function << 8 | offset & 0xfc
    try output(UInt32(1 << 31 | place), to: Self.addressPort, width: 4)
  }

  private func read(_ offset: Int) throws(CommandFailure) -> UInt32 {
    try select(offset)
    return try input(Self.dataPort)
  }

  private func write(_ value: UInt32, _ width: Int, at offset: Int) throws(CommandFailure) {
    try select(offset)
    try output(value, to: Self.dataPort + offset & 3, width: width)
  }

  private func output(_ value: UInt32, to port: Int, width: Int) throws(CommandFailure) {
    let size = [1: "b", 2: "h", 4: "w"][width] ?? "w"
    _ = try qemu.monitor("o /\(size) 0x\(String(port, radix: 16)) 0x\(String(value, radix: 16))")
  }

  /// The answer is such as `portl[0x0cf8] = 0x80001010`.
  private func input(_ port: Int) throws(CommandFailure) -> UInt32 {
    let answer = try qemu.monitor("i /w 0x\(String(port, radix: 16))")
    let digits = answer.split(separator: "=").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    guard digits.hasPrefix("0x"), let value = UInt32(digits.dropFirst(2), radix: 16) else {
      throw CommandFailure(.unavailable, "\(qemu.role) cannot be asked for its ports: it says \"\(answer.prefix(60))\"")
    }
    return value
  }
}

/// A configuration space that was saved, and the writes that bring it about.
struct SavedConfiguration {
  let bytes: [UInt8]

  func word(_ offset: Int) -> UInt32 {
    guard offset >= 0, offset + 4 <= bytes.count else { return 0 }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  private func half(_ offset: Int) -> UInt32 { word(offset) & 0xffff }

  /// Offset, value and bytes, in order: where things are before that they are on.
  var writes: [(Int, UInt32, Int)] {
    var writes: [(Int, UInt32, Int)] = (0..<6).map { (0x10 + 4 * $0, word(0x10 + 4 * $0), 4) }
    writes.append((0x3c, word(0x3c) & 0xff, 1))
    let command = (0x04, half(0x04), 2)
    guard let message = capability(0x05) else { return writes + [command] }
    let isWide = half(message + 2) >> 7 & 1 == 1
    writes.append((message + 4, word(message + 4), 4))
    if isWide { writes.append((message + 8, word(message + 8), 4)) }
    let data = message + (isWide ? 12 : 8)
    writes.append((data, half(data), 2))
    return writes + [command, (message + 2, half(message + 2), 2)]
  }

  /// Where a capability is. The list is somebody's file: it may be a circle.
  private func capability(_ number: UInt8) -> Int? {
    var place = Int(word(0x34) & 0xfc)
    for _ in 0..<48 {
      guard place >= 0x40, place + 16 <= bytes.count else { return nil }
      if bytes[place] == number { return place }
      place = Int(bytes[place + 1] & 0xfc)
    }
    return nil
  }
}
