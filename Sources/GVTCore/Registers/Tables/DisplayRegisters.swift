// The rows of the display engine: pipes, timings, planes, cursors and palettes, one array a block, repeated per pipe.

extension RegisterRule {
  /// Every display row of a platform.
  static func display(_ planes: PlaneArrangement) -> [RegisterRule] {
    Pipe.allCases.flatMap { pipe in
      [composition(of: pipe), timings(of: pipe), cursor(of: pipe), planes.rules(pipe)].flatMap(\.self)
    }
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

  private static func cursor(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("CUR_CTL", at: MMIO.cursorControl(pipe)),
      .init("CUR_BASE", at: MMIO.cursorBase(pipe), writable: 0xffff_f000, role: .cursorBase(pipe)),
      .init("CUR_POS", at: MMIO.cursorPosition(pipe)),
      .init("CUR_FBC_CTL", at: MMIO.cursorHeight(pipe)),
    ]
  }

  /// A plane of Gen9.
  static func universalPlane(_ plane: Int, of pipe: Pipe) -> [RegisterRule] {
    [
      .init("PLANE_CTL", at: MMIO.planeControl(pipe, plane)),
      .init("PLANE_STRIDE", at: MMIO.planeStride(pipe, plane)),
      .init("PLANE_POS", at: MMIO.planePosition(pipe, plane)),
      .init("PLANE_SIZE", at: MMIO.planeSize(pipe, plane)),
      surface("PLANE_SURF", plane, of: pipe),
      .init("PLANE_OFFSET", at: MMIO.planeOffset(pipe, plane)),
      .init("PLANE_SURFLIVE", at: MMIO.planeSurfaceLive(pipe, plane), .readOnly),
    ]
  }

  /// Gen8's plane 1, which has neither a position nor a size of its own.
  static func primaryPlane(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("DSPCNTR", at: MMIO.planeControl(pipe, 1)),
      .init("DSPSTRIDE", at: MMIO.planeStride(pipe, 1)),
      surface("DSPSURF", 1, of: pipe),
      .init("DSPOFFSET", at: MMIO.planeOffset(pipe, 1)),
      .init("DSPSURFLIVE", at: MMIO.planeSurfaceLive(pipe, 1), .readOnly),
    ]
  }

  /// Gen8's plane 2.
  static func spritePlane(of pipe: Pipe) -> [RegisterRule] {
    [
      .init("SPRCTL", at: MMIO.planeControl(pipe, 2)),
      .init("SPRSTRIDE", at: MMIO.planeStride(pipe, 2)),
      .init("SPRPOS", at: MMIO.planePosition(pipe, 2)),
      .init("SPRSIZE", at: MMIO.planeSize(pipe, 2)),
      surface("SPRSURF", 2, of: pipe),
      .init("SPROFFSET", at: MMIO.planeOffset(pipe, 2)),
      .init("SPRSURFLIVE", at: MMIO.planeSurfaceLive(pipe, 2), .readOnly),
    ]
  }

  private static func surface(_ name: String, _ plane: Int, of pipe: Pipe) -> RegisterRule {
    .init(
      name, at: MMIO.planeSurface(pipe, plane), writable: 0xffff_f000, role: .planeSurface(pipe, plane: plane))
  }
}
