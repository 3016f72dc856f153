// The rows of the output ports: DDI buffers, AUX channels, GMBUS, panel power and hot-plug.

extension MMIO {
  /// DDI_BUF_CTL: bit 31 turns the port on, bit 7 says that it is idle.
  package static func portBuffer(_ port: DDI) -> Int { 0x6_4000 + 0x100 * port.rawValue }
  /// DP_TP_CTL: what the port sends; DP_TP_STATUS follows.
  package static func portTransport(_ port: DDI) -> Int { 0x6_4040 + 0x100 * port.rawValue }
  /// SFUSE_STRAP.
  package static let straps = 0xc_2014
  /// SHOTPLUG_CTL of ports A to D, and that of port E.
  package static let hotPlug = 0xc_4030
  package static let hotPlugE = 0xc_403c
  /// GPIO_CTL 0, the first of 16.
  package static let generalPin = 0xc_5010
  /// GMBUS0 to GMBUS5; there is a gap before the last.
  package static let gmbusSelect = 0xc_5100
  package static let gmbusCommand = 0xc_5104
  package static let gmbusStatus = 0xc_5108
  package static let gmbusData = 0xc_510c
  package static let gmbusInterrupts = 0xc_5110
  package static let gmbusIndex = 0xc_5120
  /// PCH_RAWCLK_FREQ, in MHz.
  package static let rawClock = 0xc_6204
  /// PP_STATUS; PP_CONTROL, PP_ON_DELAYS, PP_OFF_DELAYS and PP_DIVISOR follow.
  package static let panelPower = 0xc_7200
}

extension RegisterRule {
  /// Every row of the ports of one arrangement.
  package static func ports(_ arrangement: PortArrangement) -> [RegisterRule] {
    DDI.allCases.flatMap(port) + arrangement.channels.flatMap(channel) + gmbus(pin: arrangement.gmbusPin) + panelPower
      + [
        .init("SFUSE_STRAP", at: MMIO.straps, reset: arrangement.straps, .readOnly),
        // i915 divides it to get the clock of the AUX channels, which never runs if it is zero.
        .init("PCH_RAWCLK_FREQ", at: MMIO.rawClock, reset: 24),
        // Ports B, C, D and A have their enable bits at 4, 12, 20 and 28.
        .init("SHOTPLUG_CTL", at: MMIO.hotPlug, writable: 0x1010_1010, role: .port(.hotPlug)),
        .init("SHOTPLUG_CTL2", at: MMIO.hotPlugE, writable: 0x10),
      ]
  }

  private static func port(_ port: DDI) -> [RegisterRule] {
    [
      // Bit 0, with which a strap would tell that port A is there, stays clear: no panel.
      .init("DDI_BUF_CTL", at: MMIO.portBuffer(port), reset: 0x80, writable: ~0x81, role: .port(.buffer)),
      .init("DP_TP_CTL", at: MMIO.portTransport(port), role: .port(.transport)),
      .init("DP_TP_STATUS", at: MMIO.portTransport(port) + 4, writable: 0x0f00_0000, .writeOneToClear),
    ]
  }

  private static func channel(_ channel: PortArrangement.Channel) -> [RegisterRule] {
    [
      .init(
        "DP_AUX_CH_CTL", at: channel.offset, writable: ~PortUnit.auxiliaryStatus,
        role: .port(.auxiliary(channel.port, done: channel.done))),
      .init("DP_AUX_CH_DATA", at: channel.offset + 4, count: 5),
    ]
  }

  private static func gmbus(pin: Int) -> [RegisterRule] {
    [
      .init("GPIO_CTL", at: MMIO.generalPin, count: 16, role: .port(.generalPin)),
      .init("GMBUS0", at: MMIO.gmbusSelect, role: .port(.gmbusSelect)),
      .init("GMBUS1", at: MMIO.gmbusCommand, role: .port(.gmbusCommand(pin: pin))),
      .init("GMBUS2", at: MMIO.gmbusStatus, .readOnly, role: .port(.gmbusStatus)),
      .init("GMBUS3", at: MMIO.gmbusData, role: .port(.gmbusData)),
      .init("GMBUS4", at: MMIO.gmbusInterrupts),
      .init("GMBUS5", at: MMIO.gmbusIndex),
    ]
  }

  /// The sequencer of the panel that is not there. i915 looks for one on port A of Gen9 whatever the straps say. It does
  /// not wait for a power cycle if the panel's logic has power already (bit 3), and keeps to the delays that it finds: one
  /// unit each, since it takes zeros for nearly a second. CannonPoint has the last of them in PP_CONTROL 8:4.
  private static let panelPower: [RegisterRule] = [
    .init("PP_STATUS", at: MMIO.panelPower, .readOnly, role: .port(.panelPowerStatus)),
    .init("PP_CONTROL", at: MMIO.panelPower + 0x4, reset: 0x18),
    .init("PP_ON_DELAYS", at: MMIO.panelPower + 0x8, reset: 0x0001_0001),
    .init("PP_OFF_DELAYS", at: MMIO.panelPower + 0xc, reset: 0x0001_0001),
    .init("PP_DIVISOR", at: MMIO.panelPower + 0x10, reset: 0x0018_6901),
  ]
}
