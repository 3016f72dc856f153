// Registers that hold sizes, each side less one, in the three arrangements that the display engine has.

/// PLANE_SIZE: the width in the low half, the height in the high half.
package struct PlaneSize: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ size: PixelSize) { rawValue = PackedPair(low: size.width - 1, high: size.height - 1).rawValue }

  /// A register that was never written would say 1x1; since the hardware cannot show that, it is taken as 0x0.
  package var size: PixelSize {
    let sides = PackedPair(rawValue: rawValue)
    return rawValue == 0 ? PixelSize(width: 0, height: 0) : PixelSize(width: sides.low + 1, height: sides.high + 1)
  }
}

/// PIPESRC: the height in the low half, the width in the high half.
package struct PipeSource: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ size: PixelSize) { rawValue = PackedPair(low: size.height - 1, high: size.width - 1).rawValue }

  /// As ``PlaneSize/size``.
  package var size: PixelSize {
    let sides = PackedPair(rawValue: rawValue)
    return rawValue == 0 ? PixelSize(width: 0, height: 0) : PixelSize(width: sides.high + 1, height: sides.low + 1)
  }
}

/// HTOTAL and VTOTAL: what is shown in the low half, that and the blank in the high half.
package struct DisplayTotal: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(active: Int, total: Int) { rawValue = PackedPair(low: active - 1, high: total - 1).rawValue }

  package var active: Int { Int(self[0...15]) + 1 }
  package var total: Int { Int(self[16...31]) + 1 }
}
