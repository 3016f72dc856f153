// The rows of the display engine: pipes, timings, planes, cursors and palettes, one array a block, repeated per pipe.

extension RegisterRule {
  /// Every display row.
  static let display: [RegisterRule] = sharedTimings + Pipe.allCases.flatMap(rows(of:))

  private static func rows(of pipe: Pipe) -> [RegisterRule] {
    let blocks = [composition(of: pipe), timings(of: pipe), cursor(of: pipe)] + Pipe.planes.map { plane($0, of: pipe) }
    return blocks.flatMap(\.self)
  }

  private static func composition(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("PIPEDSL", at: MMIO.scanLine(pipe), .readOnly, role: .scanLine(pipe)),
      .init("PIPECONF", at: MMIO.pipeConfiguration(pipe), writable: 0xbfff_ffff, role: .pipeConfiguration(pipe)),
      .init("PIPE_FRMCOUNT", at: MMIO.frameCounter(pipe), .readOnly, role: .frameCounter(pipe)),
      .init("PIPE_FLIPCOUNT", at: MMIO.flipCounter(pipe)),
      .init("PIPESRC", at: MMIO.pipeSource(pipe), role: .pipeSource(pipe)),
      .init("LGC_PALETTE", at: MMIO.palette(pipe), count: 256, writable: 0x00ff_ffff, role: .palette(pipe)),
    ]
  }

  private static func timings(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("HTOTAL", at: MMIO.horizontalTotal(pipe), role: .timing(pipe)),
      .init("VTOTAL", at: MMIO.verticalTotal(pipe), role: .timing(pipe)),
      .init("PIPE_LINK_M1", at: MMIO.linkM(pipe), role: .timing(pipe)),
      .init("PIPE_LINK_N1", at: MMIO.linkN(pipe), role: .timing(pipe)),
      .init("TRANS_DDI_FUNC_CTL", at: MMIO.transcoderFunction(pipe), role: .timing(pipe)),
    ]
  }

  /// Read when a pipe is turned on; the clocks of a running pipe do not change.
  private static let sharedTimings: [RegisterRule] = [
    .init("DPLL_CTRL1", at: MMIO.pllControl1),
    // All ports' clocks off at first, or i915 complains about an ungated one.
    .init("DPLL_CTRL2", at: MMIO.pllControl2, reset: 0x000f_8000),
  ]

  private static func cursor(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("CUR_CTL", at: MMIO.cursorControl(pipe)),
      .init("CUR_BASE", at: MMIO.cursorBase(pipe), writable: 0xffff_f000, role: .cursorBase(pipe)),
      .init("CUR_POS", at: MMIO.cursorPosition(pipe)),
      .init("CUR_FBC_CTL", at: MMIO.cursorHeight(pipe)),
    ]
  }

  private static func plane(_ plane: Int, of pipe: Pipe) -> [RegisterRule] {
    [
      .init("PLANE_CTL", at: MMIO.planeControl(pipe, plane)),
      .init("PLANE_STRIDE", at: MMIO.planeStride(pipe, plane)),
      .init("PLANE_POS", at: MMIO.planePosition(pipe, plane)),
      .init("PLANE_SIZE", at: MMIO.planeSize(pipe, plane)),
      .init(
        "PLANE_SURF", at: MMIO.planeSurface(pipe, plane), writable: 0xffff_f000,
        role: .planeSurface(pipe, plane: plane)),
      .init("PLANE_OFFSET", at: MMIO.planeOffset(pipe, plane)),
      .init("PLANE_SURFLIVE", at: MMIO.planeSurfaceLive(pipe, plane), .readOnly),
    ]
  }
}
