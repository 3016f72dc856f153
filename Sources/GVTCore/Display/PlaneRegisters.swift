// The registers of a plane and of a cursor as one value each: what writing the surface address arms together.

/// PLANE_CTL (i915 `skl_universal_plane_regs.h`).
package struct PlaneControl: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package var isEnabled: Bool {
    get { self[31] }
    set { self[31] = newValue }
  }
  /// Source pixel format, to be read together with ``isRedLow``.
  package var format: UInt32 {
    get { self[24...27] }
    set { self[24...27] = newValue }
  }
  /// Red rather than blue is in the low bits.
  package var isRedLow: Bool {
    get { self[20] }
    set { self[20] = newValue }
  }
  package var isCompressed: Bool { self[15] }
  package var tiling: UInt32 {
    get { self[10...12] }
    set { self[10...12] = newValue }
  }
  /// 0 ignores alpha, 2 takes it as premultiplied, 3 multiplies.
  package var alpha: UInt32 {
    get { self[4...5] }
    set { self[4...5] = newValue }
  }
  /// In quarter turns.
  package var rotation: UInt32 {
    get { self[0...1] }
    set { self[0...1] = newValue }
  }
}

/// A plane's registers. The default is a plane that is off.
package struct PlaneRegisters: Equatable, Sendable {
  package var control = PlaneControl(rawValue: 0)
  /// In units of the tiling.
  package var stride: UInt32 = 0
  package var position = PackedPair(rawValue: 0)
  package var size = PlaneSize(rawValue: 0)
  package var offset = PackedPair(rawValue: 0)
  package var surface: UInt32 = 0

  package init() {}

  /// What is in the registers now.
  package init(of pipe: Pipe, plane: Int, in registers: borrowing RegisterFile) {
    control = PlaneControl(rawValue: registers[MMIO.planeControl(pipe, plane)])
    stride = registers[MMIO.planeStride(pipe, plane)]
    position = PackedPair(rawValue: registers[MMIO.planePosition(pipe, plane)])
    size = PlaneSize(rawValue: registers[MMIO.planeSize(pipe, plane)])
    offset = PackedPair(rawValue: registers[MMIO.planeOffset(pipe, plane)])
    surface = registers[MMIO.planeSurface(pipe, plane)]
  }
}

/// CUR_CTL.
package struct CursorControl: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The shape of the image and its format in one; 0 is off.
  package var mode: UInt32 {
    get { rawValue & 0x27 }
    set { rawValue = rawValue & ~0x27 | newValue & 0x27 }
  }
  package var isRotated: Bool { self[15] }

  /// The mode of a square ARGB image of this side: 64, 128 or 256.
  package static func mode(side: Int) -> UInt32? { sides.first { $0.value == side }?.key }

  /// The side of a mode's image; nil for the old formats of two bits a pixel and for reserved modes.
  package static func side(ofMode mode: UInt32) -> Int? { sides[mode] }

  private static let sides: [UInt32: Int] = [0x27: 64, 0x22: 128, 0x23: 256]
}

/// CUR_POS: magnitudes with a sign bit each, so that a cursor can hang over the left and upper edges.
package struct CursorPosition: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ point: PixelPoint) {
    rawValue = 0
    self[0...14] = UInt32(truncatingIfNeeded: point.x.magnitude)
    self[15] = point.x < 0
    self[16...30] = UInt32(truncatingIfNeeded: point.y.magnitude)
    self[31] = point.y < 0
  }

  package var point: PixelPoint {
    let x = Int(self[0...14])
    let y = Int(self[16...30])
    return PixelPoint(x: self[15] ? -x : x, y: self[31] ? -y : y)
  }
}

/// CUR_FBC_CTL: bit 31 says that bits 7:0 are the image's height less one.
package struct CursorHeight: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(height: Int) {
    rawValue = 0
    self[31] = true
    self[0...7] = UInt32(truncatingIfNeeded: height - 1)
  }

  /// Nil if the image is as high as it is wide.
  package var height: Int? { self[31] ? Int(self[0...7]) + 1 : nil }
}

/// A cursor's registers. The default is a cursor that is off.
package struct CursorRegisters: Equatable, Sendable {
  package var control = CursorControl(rawValue: 0)
  package var base: UInt32 = 0
  package var position = CursorPosition(rawValue: 0)
  package var height = CursorHeight(rawValue: 0)

  package init() {}

  /// What is in the registers now.
  package init(of pipe: Pipe, in registers: borrowing RegisterFile) {
    control = CursorControl(rawValue: registers[MMIO.cursorControl(pipe)])
    base = registers[MMIO.cursorBase(pipe)]
    position = CursorPosition(rawValue: registers[MMIO.cursorPosition(pipe)])
    height = CursorHeight(rawValue: registers[MMIO.cursorHeight(pipe)])
  }
}
