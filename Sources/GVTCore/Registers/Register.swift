// A 32-bit register as a value whose fields are named bit ranges, as the manuals write them.

/// A register's contents. Fields are computed properties over ``subscript(_:)``.
package protocol Register: Hashable, Sendable {
  var rawValue: UInt32 { get set }
  init(rawValue: UInt32)
}

extension Register {
  /// The field in `bits`, counted from bit 0; what does not fit is cut off when it is set.
  package subscript(bits: ClosedRange<Int>) -> UInt32 {
    get { rawValue >> bits.lowerBound & Self.mask(bits) }
    set {
      let mask = Self.mask(bits)
      rawValue = rawValue & ~(mask << bits.lowerBound) | (newValue & mask) << bits.lowerBound
    }
  }

  /// One bit.
  package subscript(bit: Int) -> Bool {
    get { rawValue >> bit & 1 == 1 }
    set { rawValue = rawValue & ~(1 << bit) | (newValue ? 1 << bit : 0) }
  }

  private static func mask(_ bits: ClosedRange<Int>) -> UInt32 {
    bits.count >= 32 ? UInt32.max : 1 << UInt32(bits.count) - 1
  }
}

/// A register of two 16-bit numbers, such as a position: the horizontal one in the low half.
package struct PackedPair: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(low: Int, high: Int) {
    rawValue = UInt32(truncatingIfNeeded: high) << 16 | UInt32(truncatingIfNeeded: low) & 0xffff
  }

  package init(_ point: PixelPoint) { self.init(low: point.x, high: point.y) }

  package var low: Int { Int(self[0...15]) }
  package var high: Int { Int(self[16...31]) }

  package var point: PixelPoint { PixelPoint(x: low, y: high) }
}
