// The planes of Gen9, all alike: any of them can show anything anywhere on its pipe.

/// Decodes PLANE_CTL and its companions (i915 `skl_universal_plane.c`).
enum UniversalPlanes {
  /// What armed registers show, before its extent is checked.
  static func picture(
    _ registers: PlaneRegisters, plane: Int, on size: PixelSize
  ) throws(PlaneFault) -> PlaneDescription {
    let control = registers.control
    if control.isCompressed { throw .compressed }
    if control.rotation != 0 { throw .rotated(degrees: 90 * Int(control.rotation)) }
    let alpha = alpha(of: control)
    let format = try format(of: control, alpha)
    let tiling = try tiling(of: control)
    let units = Int(registers.stride & 0xffff)
    let layout = SurfaceLayout(
      format: format, tiling: tiling, size: registers.size.size,
      strideBytes: units * tiling.strideUnitBytes(bytesPerPixel: format.bytesPerPixel),
      origin: registers.offset.point)
    return PlaneDescription(
      layout: layout, address: GraphicsAddress(UInt64(registers.surface & ~0xfff)),
      position: registers.position.point, alpha: format.alpha.isEmpty ? .opaque : alpha)
  }

  private static func alpha(of control: PlaneControl) -> PlaneDescription.Alpha {
    switch control.alpha {
    case 2: .premultiplied
    case 3: .straight
    default: .opaque
    }
  }

  private static func tiling(of control: PlaneControl) throws(PlaneFault) -> Tiling {
    switch control.tiling {
    case 0: return .linear
    case 1: return .x
    case 4: return .y
    case 5: return .yf
    default: throw .tiling(control.tiling)
    }
  }

  private static func format(
    of control: PlaneControl, _ alpha: PlaneDescription.Alpha
  ) throws(PlaneFault) -> PixelFormat {
    let row = formats[Int(control.format)]
    let opaque = control.isRedLow ? row.redLow : row.redHigh
    // The hardware has one code for 8:8:8:8; whether its top byte counts is another field.
    let format = alpha == .opaque ? opaque : row.withAlpha(redLow: control.isRedLow) ?? opaque
    guard let format, format.isReadable else { throw .format(format?.name ?? row.name) }
    return format
  }

  private struct FormatRow {
    let name: String
    let redHigh: PixelFormat?
    let redLow: PixelFormat?

    init(_ name: String, _ redHigh: PixelFormat? = nil, redLow: PixelFormat? = nil) {
      self.name = name
      self.redHigh = redHigh
      self.redLow = redLow
    }

    func withAlpha(redLow: Bool) -> PixelFormat? {
      redHigh == .xrgb8888 ? (redLow ? .abgr8888 : .argb8888) : nil
    }
  }

  /// By the value of PLANE_CTL's format field (i915 `PLANE_CTL_FORMAT_MASK_SKL`).
  private static let formats: [FormatRow] = [
    .init("packed YUV 4:2:2"),
    .init("NV12"),
    .init("RGB 2:10:10:10", .xrgb2101010, redLow: .xbgr2101010),
    .init("P010"),
    .init("RGB 8:8:8:8", .xrgb8888, redLow: .xbgr8888),
    .init("P012"),
    .init("RGB 16:16:16:16 float", .xrgb16161616f, redLow: .xbgr16161616f),
    .init("P016"),
    .init("XYUV8888"),
    .init("number 9"),
    .init("number 10"),
    .init("number 11"),
    .init("C8", .c8, redLow: .c8),
    .init("number 13"),
    .init("RGB 5:6:5", .rgb565),
    .init("number 15"),
  ]
}

extension PlaneControl {
  /// The register for an enabled plane of a format that the hardware can show; nil for one that it cannot.
  package init?(showing format: PixelFormat, _ tiling: Tiling = .linear) {
    let codes: [PixelFormat: (format: UInt32, redLow: Bool, alpha: UInt32)] = [
      .xrgb8888: (4, false, 0), .argb8888: (4, false, 2), .xbgr8888: (4, true, 0), .abgr8888: (4, true, 2),
      .xrgb2101010: (2, false, 0), .xbgr2101010: (2, true, 0), .rgb565: (14, false, 0), .c8: (12, false, 0),
      .xrgb16161616f: (6, false, 0), .xbgr16161616f: (6, true, 0),
    ]
    guard let code = codes[format] else { return nil }
    self.init(rawValue: 0)
    isEnabled = true
    self.format = code.format
    isRedLow = code.redLow
    alpha = code.alpha
    switch tiling {
    case .linear: self.tiling = 0
    case .x: self.tiling = 1
    case .y: self.tiling = 4
    case .yf: self.tiling = 5
    }
  }
}
