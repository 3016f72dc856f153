// The rows of the interrupt controller.

extension RegisterRule {
  static let interrupts: [RegisterRule] =
    [
      .init(
        "GEN8_MASTER_IRQ", at: MMIO.interruptMaster, writable: InterruptTree.masterEnable,
        role: .interrupt(.master))
    ] + InterruptBank.allCases.flatMap(bank) + selfRefresh

  private static func bank(_ bank: InterruptBank) -> [RegisterRule] {
    [
      .init("ISR", at: MMIO.interruptStatus(bank), .readOnly, role: .interrupt(.status(bank))),
      .init("IMR", at: MMIO.interruptMask(bank), role: .interrupt(.mask(bank))),
      .init("IIR", at: MMIO.interruptIdentity(bank), .writeOneToClear, role: .interrupt(.identity(bank))),
      .init("IER", at: MMIO.interruptEnable(bank), role: .interrupt(.enable(bank))),
    ]
  }

  /// PSR_IIR of the eDP transcoder under its old and new names, and of pipes A to C. Nothing ever refreshes itself, but a
  /// driver clears them and complains of one that is not zero then.
  private static let selfRefresh: [RegisterRule] = [0x6_4838, 0x6_0838, 0x6_1838, 0x6_2838, 0x6_f838].map {
    .init("PSR_IIR", at: $0, .writeOneToClear)
  }
}
