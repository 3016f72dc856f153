// The rows of the interrupt controller.

extension RegisterRule {
  static let interrupts: [RegisterRule] =
    [
      .init(
        "GEN8_MASTER_IRQ", at: MMIO.interruptMaster, writable: InterruptTree.masterEnable,
        role: .interrupt(.master))
    ] + InterruptBank.allCases.flatMap(bank)

  private static func bank(_ bank: InterruptBank) -> [RegisterRule] {
    [
      .init("ISR", at: MMIO.interruptStatus(bank), .readOnly, role: .interrupt(.status(bank))),
      .init("IMR", at: MMIO.interruptMask(bank), role: .interrupt(.mask(bank))),
      .init("IIR", at: MMIO.interruptIdentity(bank), .writeOneToClear, role: .interrupt(.identity(bank))),
      .init("IER", at: MMIO.interruptEnable(bank), role: .interrupt(.enable(bank))),
    ]
  }
}
