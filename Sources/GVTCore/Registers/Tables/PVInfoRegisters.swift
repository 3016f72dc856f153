// The rows of PVINFO, the page by which a guest's driver knows that it runs on a vGPU (i915 `i915_pvinfo.h`).

extension RegisterRule {
  /// What a guest is told of its share.
  ///
  /// The mappable range depends on the monitor, not on the type; ``PortUnit`` says why. What a type grants is accounted
  /// by the host.
  static func pvInfo(of type: InstanceType) -> [RegisterRule] {
    let page = MMIO.pvInfo
    return [
      .init("magic", at: page, reset: 0x7654_4776, .readOnly),
      .init("magic (high)", at: page + 0x04, reset: 0x4776_5447, .readOnly),
      .init("version_major, version_minor", at: page + 0x08, reset: 1, .readOnly),
      .init("vgt_id", at: page + 0x0c, reset: 1, .readOnly),
      // Full ppGTT (bit 2) and HWSP emulation (bit 3) are what i915 insists on; bit 4 is huge GTT.
      .init("vgt_caps", at: page + 0x10, reset: 0x1c, .readOnly),
      .init("mappable_gmadr.base", at: page + 0x40, reset: 0, .readOnly),
      .init("mappable_gmadr.size", at: page + 0x44, .readOnly, role: .port(.mappableSize)),
      // From the end of BAR 2 (256 MiB) to the end of graphics memory.
      .init("nonmappable_gmadr.base", at: page + 0x48, reset: 0x1000_0000, .readOnly),
      .init("nonmappable_gmadr.size", at: page + 0x4c, reset: 0xf000_0000, .readOnly),
      .init("fence_num", at: page + 0x50, reset: UInt32(type.fences), .readOnly),
    ]
  }
}
