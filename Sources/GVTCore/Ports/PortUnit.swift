// The output ports: DDI buffers, AUX channels, GMBUS and hot-plug, and the monitor behind the one that has one.

/// A register that ``PortUnit`` answers.
package enum PortRegister: Hashable, Sendable {
  /// DDI_BUF_CTL.
  case buffer
  /// DP_TP_CTL.
  case transport
  /// DP_AUX_CH_CTL of a port, and what tells that a message has been answered.
  case auxiliary(DDI, done: InterruptEvent)
  /// GMBUS0 to GMBUS3; the pin is the one of the port that has the monitor.
  case gmbusSelect
  case gmbusCommand(pin: Int)
  case gmbusStatus
  case gmbusData
  /// GPIO_CTL.
  case generalPin
  /// SHOTPLUG_CTL.
  case hotPlug
  /// PP_STATUS.
  case panelPowerStatus
  /// PVINFO's mappable_gmadr.size.
  case mappableSize
}

/// The output ports of a vGPU, one of which has a monitor.
///
/// It is on port B: the first that is not for a built-in panel, present on every platform, and the one that
/// GVT-g uses too.
package struct PortUnit: Sendable {
  package static let monitorPort = DDI.b

  /// Nil while the port is empty.
  package private(set) var monitor: Monitor?
  private var edid: [UInt8]
  private(set) var sink: DisplayPortSink
  private(set) var gmbus: GMBUS
  /// The status bits of SHOTPLUG_CTL: two a port, B's lowest.
  private(set) var pulses: UInt32

  /// The ports as at power-on, or as they were with the monitor that they had.
  package init(monitor: Monitor?, restoring state: State? = nil) {
    let monitor = state.map(\.monitor) ?? monitor
    self.monitor = monitor
    edid = monitor.map(EDID.bytes) ?? []
    sink = state?.sink ?? DisplayPortSink()
    gmbus = state?.gmbus ?? GMBUS()
    pulses = state?.pulses ?? 0
  }

  /// What the south display's live status shows: bit 21 for a monitor on port B.
  package var hotPlugLevels: UInt32 { monitor == nil ? 0 : Self.hotPlugB }

  /// SDE_PORTB_HOTPLUG.
  private static let hotPlugB: UInt32 = 1 << 21

  /// Puts another monitor on the port, as if the old one had been pulled out and it had been plugged in (a long hot-plug
  /// pulse); with nil the port stays empty. A DisplayPort link that is up stays up.
  package mutating func replace(_ monitor: Monitor?, in registers: inout RegisterFile) -> [InterruptEvent] {
    if monitor?.connector != self.monitor?.connector { sink = DisplayPortSink() }
    self.monitor = monitor
    edid = monitor.map(EDID.bytes) ?? []
    // A driver that did not enable the pin has not looked yet, or will look again when it enables it.
    guard registers[MMIO.hotPlug] & 1 << 4 != 0 else { return [] }
    pulses = pulses & ~3 | 2
    return [InterruptEvent(Self.hotPlugB, in: .south)]
  }

  // MARK: - Registers

  /// After a guest's write of `value` (the whole word, bytes it did not write as they were) was stored at `offset`.
  package mutating func write(
    _ value: UInt32, to register: PortRegister, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    switch register {
    case .buffer: registers[offset] = registers[offset] & ~0x80 | (value >> 31 == 1 ? 0 : 0x80)
    case .transport:
      // Idle patterns (2) have been sent as soon as they are asked for.
      if value >> 31 == 1, value >> 8 & 7 == 2 { registers[offset + 4] |= 1 << 25 }
    case .auxiliary(let port, let done): return exchange(value, on: port, done: done, at: offset, in: &registers)
    case .gmbusSelect: gmbus.select()
    case .gmbusCommand(let pin):
      registers[offset] &= ~(1 << 30)
      let hasMonitor = monitor?.connector == .hdmi && registers[MMIO.gmbusSelect] & 7 == UInt32(pin)
      gmbus.command(
        value, hasMonitor: hasMonitor, data: registers[MMIO.gmbusData], wideIndex: registers[MMIO.gmbusIndex])
    case .gmbusData: gmbus.feed(value)
    case .hotPlug: pulses &= ~value
    case .gmbusStatus, .generalPin, .panelPowerStatus, .mappableSize: break
    }
    return []
  }

  /// What a read gives; nil if what is stored.
  package func read(_ register: PortRegister, at offset: Int, in registers: RegisterFile) -> UInt32? {
    switch register {
    case .buffer, .transport, .auxiliary, .gmbusSelect, .gmbusCommand: nil
    case .gmbusStatus: gmbus.status
    case .gmbusData: gmbus.data(from: edid)
    // Both lines of every pair are pulled up: nobody answers here.
    case .generalPin: registers[offset] | 0x1010
    case .hotPlug: registers[offset] | pulses
    // On, and idle; or off.
    case .panelPowerStatus: registers[MMIO.panelPower + 4] & 1 == 1 ? 0x8000_0008 : 0
    case .mappableSize: mappableBytes
    }
  }

  /// After a guest has read a register.
  package mutating func didRead(_ register: PortRegister) {
    if register == .gmbusData { gmbus.advance() }
  }

  /// How much of the aperture the guest is told that it has.
  ///
  /// With room for the console's framebuffer, i915 puts that there and draws through the trapped aperture; with less than
  /// the chunk of 1 MiB by which it serves legacy mappings, those hang. So it is just too small for the picture.
  private var mappableBytes: UInt32 {
    let picture = (monitor?.preferred.area ?? .max / 4) * 4
    return UInt32(min(2 << 20, picture & ~0xfff - 0x1000))
  }

  // MARK: - AUX channels

  private static let busy: UInt32 = 1 << 31
  /// Done, timed out, received badly: bits that a driver clears by writing ones.
  private static let sticky: UInt32 = 1 << 30 | 1 << 28 | 1 << 25
  /// The bits of DP_AUX_CH_CTL that tell instead of setting something.
  static let auxiliaryStatus = busy | sticky

  /// A write to DP_AUX_CH_CTL: sends the message in the data registers if the busy bit is set, and has it answered.
  private mutating func exchange(
    _ value: UInt32, on port: DDI, done: InterruptEvent, at offset: Int, in registers: inout RegisterFile
  ) -> [InterruptEvent] {
    let kept = registers[offset] & Self.sticky & ~value
    guard value & Self.busy != 0 else {
      registers[offset] = registers[offset] & ~Self.auxiliaryStatus | kept
      return []
    }
    let count = Int(value >> 20 & 31)
    var status: UInt32 = 1 << 30
    if let reply = answer(to: message(of: count, at: offset + 4, in: registers), on: port) {
      store(reply, at: offset + 4, in: &registers)
      status |= UInt32(reply.count) << 20
    } else {
      status |= 1 << 28
    }
    registers[offset] = value & ~(Self.auxiliaryStatus | 31 << 20) | status
    return value & 1 << 29 == 0 ? [] : [done]
  }

  /// The reply, of 1 to 17 bytes; nil if there is nobody.
  private mutating func answer(to message: [UInt8], on port: DDI) -> [UInt8]? {
    if port == .a { return DisplayPortSink.blank(to: message) }
    guard port == Self.monitorPort, monitor?.connector == .displayPort else { return nil }
    return sink.reply(to: message, edid: edid)
  }

  /// The data registers hold 20 bytes, the first in the high byte of the first.
  private func message(of count: Int, at offset: Int, in registers: RegisterFile) -> [UInt8] {
    (0..<min(count, 20)).map { index in
      UInt8(truncatingIfNeeded: registers[offset + index & ~3] >> UInt32(24 - 8 * (index & 3)))
    }
  }

  private func store(_ reply: [UInt8], at offset: Int, in registers: inout RegisterFile) {
    for word in 0..<5 {
      registers[offset + 4 * word] = (0..<4).reduce(0) { sum, index in
        let place = 4 * word + index
        return sum << 8 | UInt32(place < reply.count ? reply[place] : 0)
      }
    }
  }
}
