// Offsets that i915 and the PRM state, against the arithmetic that makes ours.
import GVTCore
import Testing

@Suite struct RegisterTableTests {
  private static let offsets: [(String, Int, Int)] = [
    ("PIPEDSL A", MMIO.scanLine(.a), 0x7_0000),
    ("PIPECONF B", MMIO.pipeConfiguration(.b), 0x7_1008),
    ("PIPESRC C", MMIO.pipeSource(.c), 0x6_201c),
    ("VTOTAL B", MMIO.verticalTotal(.b), 0x6_100c),
    ("PIPE_FRMCOUNT A", MMIO.frameCounter(.a), 0x7_0040),
    ("LGC_PALETTE B 255", MMIO.palette(.b, 255), 0x4_abfc),
    ("PLANE_CTL 1 A", MMIO.planeControl(.a, 1), 0x7_0180),
    ("PLANE_STRIDE 2 A", MMIO.planeStride(.a, 2), 0x7_0288),
    ("PLANE_POS 3 B", MMIO.planePosition(.b, 3), 0x7_138c),
    ("PLANE_SIZE 1 C", MMIO.planeSize(.c, 1), 0x7_2190),
    ("PLANE_SURF 4 C", MMIO.planeSurface(.c, 4), 0x7_249c),
    ("PLANE_OFFSET 1 A", MMIO.planeOffset(.a, 1), 0x7_01a4),
    ("PLANE_SURFLIVE 1 A", MMIO.planeSurfaceLive(.a, 1), 0x7_01ac),
    ("CUR_CTL B", MMIO.cursorControl(.b), 0x7_1080),
    ("CUR_FBC_CTL A", MMIO.cursorHeight(.a), 0x7_00a0),
    ("IMR C", MMIO.interruptMask(.pipe(.c)), 0x4_4424),
    ("GGTT entry 0x10000", MMIO.translationEntry(PageNumber(0x1_0000)), 0x88_0000),
    ("fence 3", MMIO.fence(3), 0x10_0018),
  ]

  @Test(arguments: offsets)
  func `registers are where the manual has them`(name: String, ours: Int, manual: Int) {
    #expect(ours == manual, "\(name)")
  }
}
