// The rows of the engines, under their names in i915 (`intel_engine_regs.h`, `intel_gt_regs.h`).

extension RegisterRule {
  static let engines: [RegisterRule] =
    [.init("GEN6_GDRST", at: MMIO.domainReset, role: .engine(.domainReset))]
    + Engine.allCases.flatMap(rows(of:)) + masked.map { .init($0.name, at: $0.offset, .masked) }

  private static func rows(of engine: Engine) -> [RegisterRule] {
    let base = engine.rawValue
    return [
      .init("RING_TAIL", at: MMIO.ringTail(engine)),
      .init("RING_HEAD", at: MMIO.ringHead(engine)),
      .init("RING_START", at: MMIO.ringStart(engine)),
      .init("RING_CTL", at: MMIO.ringControl(engine)),
      .init("RING_HWS_PGA", at: MMIO.statusPage(engine), writable: 0xffff_f000),
      // Bit 9: always idle.
      .init("RING_MI_MODE", at: MMIO.engineMode(engine), reset: 0x200, writable: 0xfdff, .masked),
      .init("RING_EIR", at: MMIO.errorIdentity(engine), .writeOneToClear),
      .init("RING_INSTPM", at: base + 0xc0, .masked),
      // Bit 1 answers bit 0; bit 2 would be a catastrophic error.
      .init("RING_RESET_CTL", at: MMIO.resetControl(engine), writable: 1, .masked, role: .engine(.resetControl)),
      .init("RING_ELSP", at: MMIO.submissionPort(engine), role: .engine(.submission(engine))),
      .init("RING_EXECLIST_STATUS", at: base + 0x234, count: 2, .readOnly),
      .init("RING_CONTEXT_CONTROL", at: base + 0x244, .masked),
      .init("RING_MODE_GEN7", at: base + 0x29c, .masked),
      .init("RING_TIMESTAMP", at: MMIO.timestamp(engine), .readOnly, role: .engine(.timestamp)),
      .init("RING_TIMESTAMP_UDW", at: MMIO.timestamp(engine) + 4, .readOnly, role: .engine(.timestampHigh)),
      .init("RING_CONTEXT_STATUS_PTR", at: MMIO.statusPointer(engine), .masked, role: .engine(.statusPointer(engine))),
    ]
  }

  /// What workarounds set: the upper half of a write says which bits of the lower half it means.
  private static let masked: [(name: String, offset: Int)] = [
    ("_3D_CHICKEN3", 0x2090), ("GEN9_CSFE_CHICKEN1_RCS", 0x20d4), ("FF_SLICE_CS_CHICKEN1_GEN9", 0x20e0),
    ("FF_SLICE_CS_CHICKEN2", 0x20e4), ("GEN9_CS_DEBUG_MODE1", 0x20ec), ("GEN8_CS_CHICKEN1", 0x2580),
    ("CACHE_MODE_0_GEN7", 0x7000), ("CACHE_MODE_1", 0x7004), ("GEN7_GT_MODE", 0x7008),
    ("GEN7_COMMON_SLICE_CHICKEN1", 0x7010), ("COMMON_SLICE_CHICKEN2", 0x7014), ("HIZ_CHICKEN", 0x7018),
    ("HDC_CHICKEN0", 0x7300), ("COMMON_SLICE_CHICKEN3", 0x7304), ("GEN8_HALF_SLICE_CHICKEN1", 0xe100),
    ("HALF_SLICE_CHICKEN2", 0xe180), ("HALF_SLICE_CHICKEN3", 0xe184), ("GEN9_HALF_SLICE_CHICKEN5", 0xe188),
    ("0xe18c", 0xe18c), ("0xe190", 0xe190), ("GEN9_HALF_SLICE_CHICKEN7", 0xe194), ("0xe198", 0xe198),
    ("0xe48c", 0xe48c), ("GEN8_ROW_CHICKEN", 0xe4f0), ("GEN7_ROW_CHICKEN2", 0xe4f4),
  ]
}
