// The I²C device behind a port's plug: the memory that holds the monitor's EDID (VESA E-DDC).

/// A monitor's EDID memory as its bus sees it: a pointer that a write sets and reads move on.
package struct DisplayDataChannel: Hashable, Sendable {
  /// The 7-bit address of the only device there is. Copy protection, scrambling, adaptors and DDC/CI are not answered.
  package static let address = 0x50

  private(set) var pointer: UInt8
  /// Whether the next byte written is the pointer.
  private(set) var isAddressed: Bool

  init(pointer: UInt8 = 0, isAddressed: Bool = false) {
    self.pointer = pointer
    self.isAddressed = isAddressed
  }

  /// A write or a read begins.
  package mutating func begin() { isAddressed = true }

  /// The first byte of a write is the pointer. The others would change the memory, which is read-only.
  package mutating func write(_ byte: UInt8) {
    if isAddressed { pointer = byte }
    isAddressed = false
  }

  /// What the next reads give, without reading. After the last byte of 256 comes the first.
  package func peek(_ count: Int, of edid: [UInt8]) -> [UInt8] {
    (0..<count).map { index in
      let place = (Int(pointer) + index) & 0xff
      return place < edid.count ? edid[place] : 0xff
    }
  }

  /// Moves the pointer on.
  package mutating func advance(_ count: Int) { pointer &+= UInt8(truncatingIfNeeded: count) }
}
