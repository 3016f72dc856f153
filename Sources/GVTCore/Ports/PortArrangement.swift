// Where a generation's ports have their registers, and what its straps say of them.

/// A port of the display engine (DDI).
package enum DDI: Int, Hashable, Sendable, CaseIterable {
  case a, b, c, d, e
}

/// What of the ports differs from platform to platform.
package struct PortArrangement: Sendable {
  /// An AUX channel.
  struct Channel: Sendable {
    let port: DDI
    /// DP_AUX_CH_CTL, which five words of data follow.
    let offset: Int
    /// What is raised when a message has been answered.
    let done: InterruptEvent
  }

  let channels: [Channel]
  /// The pair of wires that GMBUS0 selects for port B.
  let gmbusPin: Int
  /// SFUSE_STRAP: port B is there (bit 2), C, D and an analogue output are not.
  let straps: UInt32

  /// Skylake and Kaby Lake, with the SunrisePoint PCH that i915 gives to a virtual machine. All of the ports' AUX channels
  /// are in the processor, and i915 does not look at straps.
  package static let gen9 = PortArrangement(
    channels: [
      Channel(port: .a, offset: 0x6_4010, done: InterruptEvent(1 << 0, in: .port)),
      Channel(port: .b, offset: 0x6_4110, done: InterruptEvent(1 << 25, in: .port)),
      Channel(port: .c, offset: 0x6_4210, done: InterruptEvent(1 << 26, in: .port)),
      Channel(port: .d, offset: 0x6_4310, done: InterruptEvent(1 << 27, in: .port)),
    ], gmbusPin: 5, straps: 1 << 2 | 1 << 6)

  /// Coffee Lake, with the CannonPoint PCH: other wires, and the strap that tells its clock is 24 MHz.
  package static let cannonPoint = PortArrangement(
    channels: gen9.channels, gmbusPin: 1, straps: gen9.straps | 1 << 8)

  /// Broadwell: the AUX channels of ports B to D are in the PCH, and i915 believes the straps.
  package static let broadwell = PortArrangement(
    channels: [
      Channel(port: .a, offset: 0x6_4010, done: InterruptEvent(1 << 0, in: .port)),
      Channel(port: .b, offset: 0xe_4110, done: InterruptEvent(1 << 25, in: .south)),
      Channel(port: .c, offset: 0xe_4210, done: InterruptEvent(1 << 26, in: .south)),
      Channel(port: .d, offset: 0xe_4310, done: InterruptEvent(1 << 27, in: .south)),
    ], gmbusPin: 5, straps: 1 << 2 | 1 << 6)
}
