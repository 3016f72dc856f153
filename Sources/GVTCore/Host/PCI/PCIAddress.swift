// Where a device is on the PCI bus, as /sys names it.

/// Domain, bus, slot and function: `0000:00:02.0`.
package struct PCIAddress: Hashable, Sendable {
  /// More than 16 bits behind Intel's volume management device (VMD).
  package let domain: UInt32
  package let bus: UInt8
  package let slot: UInt8
  package let function: UInt8

  package init(domain: UInt32, bus: UInt8, slot: UInt8, function: UInt8) {
    self.domain = domain
    self.bus = bus
    self.slot = slot
    self.function = function
  }

  /// From `0000:00:02.0`, or from `00:02.0` as lspci writes it where there is one domain only.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let last = parts.last else { return nil }
    let ends = last.split(separator: ".", omittingEmptySubsequences: false)
    let domain = parts.count == 3 ? Self.number(parts[0], digits: 4...8) : 0
    guard ends.count == 2, let domain, let bus = Self.number(parts[parts.count - 2], digits: 2...2),
      let slot = Self.number(ends[0], digits: 2...2), slot < 32, let function = Self.number(ends[1], digits: 1...1),
      function < 8
    else { return nil }
    self.init(domain: domain, bus: UInt8(bus), slot: UInt8(slot), function: UInt8(function))
  }

  private static func number(_ text: some StringProtocol, digits: ClosedRange<Int>) -> UInt32? {
    guard digits.contains(text.utf8.count), !text.hasPrefix("+") else { return nil }
    return UInt32(text, radix: 16)
  }
}

extension PCIAddress: CustomStringConvertible {
  package var description: String { "\(hex(domain, 4)):\(hex(bus, 2)):\(hex(slot, 2)).\(function)" }
}

extension PCIAddress: Comparable {
  package static func < (a: PCIAddress, b: PCIAddress) -> Bool {
    (a.domain, a.bus, a.slot, a.function) < (b.domain, b.bus, b.slot, b.function)
  }
}

/// `value` in hexadecimal, with zeros in front up to `digits`.
package func hex(_ value: some UnsignedInteger, _ digits: Int) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
