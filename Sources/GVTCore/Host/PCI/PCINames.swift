// Names of PCI vendors and devices, from a host's own copy of pci.ids.

/// The names of some vendors' devices.
///
/// The file (https://pci-ids.ucw.cz) has a line for a vendor, `8086  Intel Corporation`, one with a tab for each of its
/// devices, and those with two tabs for subsystems, which are of no interest here. Classes follow at its end, after a C.
struct PCINames {
  private var vendors: [UInt16: String] = [:]
  private var devices: [UInt32: String] = [:]

  private static let places = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"]
  /// The file has had 1.5 MB in 2025.
  private static let largest = 16 << 20

  /// The names of `wanted` vendors; none where the file is missing.
  init(of wanted: Set<UInt16>, in root: HostRoot) {
    for place in Self.places {
      guard let bytes = try? root.bytes(place, limit: Self.largest) else { continue }
      read(bytes, of: wanted)
      return
    }
  }

  func vendor(_ id: UInt16) -> String? { vendors[id] }

  func device(_ id: UInt16, of vendor: UInt16) -> String? { devices[UInt32(vendor) << 16 | UInt32(id)] }

  private mutating func read(_ bytes: [UInt8], of wanted: Set<UInt16>) {
    let tab = UInt8(ascii: "\t")
    var current: UInt16?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if line.first != tab {
        current = nil
        guard let (id, name) = Self.entry(line), wanted.contains(id) else { continue }
        current = id
        vendors[id] = name
      } else if let current, let (id, name) = Self.entry(line.dropFirst()) {
        devices[UInt32(current) << 16 | UInt32(id)] = name
      }
    }
  }

  /// `8086  Intel Corporation`.
  private static func entry(_ line: ArraySlice<UInt8>) -> (id: UInt16, name: String)? {
    let blank = UInt8(ascii: " ")
    guard line.count > 6, line.dropFirst(4).prefix(2).allSatisfy({ $0 == blank }),
      let id = UInt16(String(decoding: line.prefix(4), as: UTF8.self), radix: 16)
    else { return nil }
    return (id, String(decoding: line.dropFirst(6), as: UTF8.self))
  }
}
