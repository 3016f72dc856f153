// Register offsets under the names that the PRM and i915 give them, for the tables and for whoever drives the device.

/// Offsets in bytes from the start of BAR 0 (PRM Vol 2c of Skylake; i915 `i915_reg.h`, `skl_universal_plane_regs.h`).
package enum MMIO {
  /// Where the GGTT begins in BAR 0.
  package static let translationTable = 8 << 20
  /// Bytes of BAR 0: registers, then from the middle on the GGTT.
  package static let byteCount = 16 << 20

  /// Whether an access lies within BAR 0.
  package static func contains(_ offset: Int, _ width: AccessWidth) -> Bool {
    offset >= 0 && offset <= byteCount - width.rawValue
  }

  /// The 64-bit GGTT entry of a page.
  package static func translationEntry(_ page: PageNumber) -> Int { translationTable + 8 * page.rawValue }
  /// FENCE_REG, 64 bits.
  package static func fence(_ number: Int) -> Int { 0x10_0000 + 8 * number }

  // Transcoders.

  /// TRANS_HTOTAL: a ``DisplayTotal``.
  package static func horizontalTotal(_ pipe: Pipe) -> Int { at(0x6_0000, pipe) }
  /// TRANS_VTOTAL: a ``DisplayTotal``.
  package static func verticalTotal(_ pipe: Pipe) -> Int { at(0x6_000c, pipe) }
  /// PIPESRC: the size of the picture, a ``PipeSource``.
  package static func pipeSource(_ pipe: Pipe) -> Int { at(0x6_001c, pipe) }
  /// PIPE_LINK_M1 and PIPE_LINK_N1: pixel clock to link clock.
  package static func linkM(_ pipe: Pipe) -> Int { at(0x6_0040, pipe) }
  package static func linkN(_ pipe: Pipe) -> Int { at(0x6_0044, pipe) }
  /// TRANS_DDI_FUNC_CTL: which port, in which mode.
  package static func transcoderFunction(_ pipe: Pipe) -> Int { at(0x6_0400, pipe) }
  /// DPLL_CTRL1: the link rates of the four PLLs.
  package static let pllControl1 = 0x6_c058
  /// DPLL_CTRL2: which PLL drives which port.
  package static let pllControl2 = 0x6_c05c

  // Pipes.

  /// PIPEDSL.
  package static func scanLine(_ pipe: Pipe) -> Int { at(0x7_0000, pipe) }
  /// PIPECONF: bit 31 turns the pipe on, bit 30 says that it is.
  package static func pipeConfiguration(_ pipe: Pipe) -> Int { at(0x7_0008, pipe) }
  /// PIPE_FRMCOUNT_G4X.
  package static func frameCounter(_ pipe: Pipe) -> Int { at(0x7_0040, pipe) }
  /// PIPE_FLIPCOUNT_G4X.
  package static func flipCounter(_ pipe: Pipe) -> Int { at(0x7_0044, pipe) }
  /// LGC_PALETTE: 256 entries of red 23:16, green 15:8, blue 7:0.
  package static func palette(_ pipe: Pipe, _ index: Int = 0) -> Int {
    0x4_a000 + 0x800 * pipe.rawValue + 4 * index
  }

  // Planes 1 to 4 of Gen9; on Gen8, 1 is the primary plane (DSP...) and 2 the sprite (SPR...), at the same offsets.
  // Nothing takes effect until the surface's address is written.

  /// PLANE_CTL: a ``PlaneControl``.
  package static func planeControl(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) }
  /// PLANE_STRIDE, in the units of ``Tiling/strideUnitBytes(bytesPerPixel:)``.
  package static func planeStride(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x08 }
  /// PLANE_POS: a ``PackedPair``.
  package static func planePosition(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x0c }
  /// PLANE_SIZE: a ``PlaneSize``.
  package static func planeSize(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x10 }
  /// PLANE_SURF: the surface's graphics address; arms the plane.
  package static func planeSurface(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x1c }
  /// PLANE_OFFSET: the first visible pixel, a ``PackedPair``.
  package static func planeOffset(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x24 }
  /// PLANE_SURFLIVE: the surface being scanned out.
  package static func planeSurfaceLive(_ pipe: Pipe, _ plane: Int) -> Int { of(plane, pipe) + 0x2c }

  // The cursor. Nothing takes effect until CUR_BASE is written.

  /// CUR_CTL: a ``CursorControl``.
  package static func cursorControl(_ pipe: Pipe) -> Int { at(0x7_0080, pipe) }
  /// CUR_BASE: the image's graphics address; arms the cursor.
  package static func cursorBase(_ pipe: Pipe) -> Int { at(0x7_0084, pipe) }
  /// CUR_POS: a ``CursorPosition``.
  package static func cursorPosition(_ pipe: Pipe) -> Int { at(0x7_0088, pipe) }
  /// CUR_FBC_CTL: a ``CursorHeight``.
  package static func cursorHeight(_ pipe: Pipe) -> Int { at(0x7_00a0, pipe) }

  // Interrupts (GEN8_MASTER_IRQ, GEN8_GT_*, GEN8_DE_*, GEN8_PCU_*, SDE*).

  /// GEN8_MASTER_IRQ.
  package static let interruptMaster = 0x4_4200
  /// The first of a bank's four registers: ISR, IMR, IIR, IER.
  package static func interruptBank(_ bank: InterruptBank) -> Int {
    switch bank {
    case .renderAndBlitter: 0x4_4300
    case .video: 0x4_4310
    case .powerManagement: 0x4_4320
    case .videoEnhancement: 0x4_4330
    case .pipe(let pipe): 0x4_4400 + 0x10 * pipe.rawValue
    case .port: 0x4_4440
    case .miscellaneous: 0x4_4460
    case .powerControl: 0x4_44e0
    case .south: 0xc_4000
    }
  }
  package static func interruptStatus(_ bank: InterruptBank) -> Int { interruptBank(bank) }
  package static func interruptMask(_ bank: InterruptBank) -> Int { interruptBank(bank) + 4 }
  package static func interruptIdentity(_ bank: InterruptBank) -> Int { interruptBank(bank) + 8 }
  package static func interruptEnable(_ bank: InterruptBank) -> Int { interruptBank(bank) + 12 }

  /// The page that tells a guest that it runs on a vGPU (i915 `i915_pvinfo.h`).
  package static let pvInfo = 0x7_8000
  /// PVINFO's cursor_x_hot and cursor_y_hot, which some drivers fill in.
  package static let cursorHotSpotX = pvInfo + 0x830
  package static let cursorHotSpotY = pvInfo + 0x834

  private static func at(_ offset: Int, _ pipe: Pipe) -> Int { offset + 0x1000 * pipe.rawValue }

  private static func of(_ plane: Int, _ pipe: Pipe) -> Int {
    precondition(Pipe.planes.contains(plane), "a pipe has planes 1 to 4")
    return at(0x7_0180, pipe) + 0x100 * (plane - 1)
  }
}
