// The planes of Gen8: a primary plane that always fills its pipe, and one sprite above it.

/// DSPCNTR (i915 `i9xx_plane_regs.h`).
package struct PrimaryControl: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// An enabled plane of linear pixels; nil for a format that it cannot show.
  package init?(showing format: PixelFormat) {
    guard let code = Self.opaque.first(where: { Self.formats[$0].format == format }) else { return nil }
    rawValue = 1 << 31 | UInt32(code) << 26
  }

  /// Source pixel format.
  var format: FormatCode { Self.formats[Int(self[26...29])] }

  /// The codes that do not speak of alpha, which this plane ignores.
  private static let opaque = [2, 4, 5, 6, 8, 10, 14]
  private static let formats: [FormatCode] = [
    .init("number 0"), .init("number 1"), .init(.c8), .init(.xrgb1555), .init(.xrgb1555), .init(.rgb565),
    .init(.xrgb8888), .init(.xrgb8888), .init(.xbgr2101010), .init(.xbgr2101010), .init(.xrgb2101010),
    .init(.xrgb2101010), .init(.xbgr16161616f), .init("number 13"), .init(.xbgr8888), .init(.xbgr8888),
  ]
}

/// SPRCTL (i915 `intel_sprite_regs.h`).
package struct SpriteControl: Register {
  package var rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Source pixel format; bit 20 puts red into the low bits.
  var format: FormatCode { (self[20] ? Self.redLow : Self.redHigh)[Int(self[25...27])] }

  private static let redHigh: [FormatCode] = [
    .init("packed YUV 4:2:2"), .init(.xrgb2101010), .init(.xrgb8888), .init(.xrgb16161616f), .init("YUV 4:4:4"),
    .init("extended range RGB 10:10:10"), .init("number 6"), .init("number 7"),
  ]
  private static let redLow: [FormatCode] = [
    redHigh[0], .init(.xbgr2101010), .init(.xbgr8888), .init(.xbgr16161616f), redHigh[4], redHigh[5], redHigh[6],
    redHigh[7],
  ]
}

/// The value of a format field: a format that we know, or its name.
struct FormatCode {
  let name: String
  let format: PixelFormat?

  init(_ name: String) {
    self.name = name
    format = nil
  }

  init(_ format: PixelFormat) {
    name = format.name
    self.format = format
  }

  /// The format, if its pixels can be read.
  var readable: PixelFormat {
    get throws(PlaneFault) {
      guard let format, format.isReadable else { throw .format(name) }
      return format
    }
  }
}

/// Decodes the registers of Gen8's planes (i915 `i9xx_plane.c`, `intel_sprite.c`).
enum PrimaryAndSprite {
  /// What armed registers show, before its extent is checked. Neither plane blends.
  static func picture(
    _ registers: PlaneRegisters, plane: Int, on size: PixelSize
  ) throws(PlaneFault) -> PlaneDescription {
    let word = registers.control.rawValue
    // Bits 15 and 10 mean the same to both.
    if word >> 15 & 1 == 1 { throw .rotated(degrees: 180) }
    let isPrimary = plane == 1
    let code = isPrimary ? PrimaryControl(rawValue: word).format : SpriteControl(rawValue: word).format
    let layout = SurfaceLayout(
      format: try code.readable, tiling: word >> 10 & 1 == 1 ? .x : .linear,
      size: isPrimary ? size : registers.size.size,
      // In bytes, whatever the tiling.
      strideBytes: Int(registers.stride & 0xffc0), origin: registers.offset.point)
    return PlaneDescription(
      layout: layout, address: GraphicsAddress(UInt64(registers.surface & ~0xfff)),
      position: isPrimary ? .zero : registers.position.point, alpha: .opaque)
  }
}
