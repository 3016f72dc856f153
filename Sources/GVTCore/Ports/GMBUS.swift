// The GMBUS controller, by which a driver reads the EDID of an HDMI monitor (PRM Vol 12 of Skylake; i915
// `intel_gmbus.c`).

/// The state of a transfer. What i915 waits for is there at once, so no interrupt tells of it.
package struct GMBUS: Hashable, Sendable {
  var channel = DisplayDataChannel()
  /// Bytes of the transfer that are still to come.
  var remaining = 0
  var isReading = false
  var isActive = false
  var isRefused = false

  /// A transfer's bytes have a count of nine bits.
  static let longest = 511

  package init() {}

  /// GMBUS0 was written: another bus, or none.
  package mutating func select() { end() }

  /// GMBUS1 was written. `edid` is nil if nobody is on the selected bus; `data` and `wideIndex` are GMBUS3 and GMBUS5.
  package mutating func command(_ value: UInt32, hasMonitor: Bool, data: UInt32, wideIndex: UInt32) {
    let command = Command(rawValue: value)
    if command.clears { return end() }
    guard command.isReady else { return }
    guard command.transfers else {
      if command.stops { isActive = false }
      return
    }
    isRefused = !hasMonitor || command.address != DisplayDataChannel.address
    isActive = !isRefused && !command.stops
    remaining = isRefused ? 0 : command.count
    isReading = command.isRead
    guard !isRefused else { return }
    channel.begin()
    if command.hasIndex { channel.write(UInt8(truncatingIfNeeded: wideIndex >> 31 == 1 ? wideIndex : command.index)) }
    if !isReading { feed(data) }
  }

  /// GMBUS3 was written: the next bytes of a write.
  package mutating func feed(_ data: UInt32) {
    guard !isReading else { return }
    for index in 0..<min(4, remaining) { channel.write(UInt8(truncatingIfNeeded: data >> UInt32(8 * index))) }
    remaining -= min(4, remaining)
  }

  /// What GMBUS3 reads: the next bytes of a read, the first in the low byte; nil between transfers.
  package func data(from edid: [UInt8]) -> UInt32? {
    guard isReading, remaining > 0 else { return nil }
    return channel.peek(min(4, remaining), of: edid).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// GMBUS3 was read.
  package mutating func advance() {
    guard isReading else { return }
    let count = min(4, remaining)
    channel.advance(count)
    remaining -= count
  }

  /// GMBUS2: data can be taken or given (bit 11); nobody answered (10); a transfer is under way (9); it waits for another
  /// command (14).
  package var status: UInt32 {
    1 << 11 | (isRefused ? 1 << 10 : 0) | (isActive ? 1 << 9 : 0) | (remaining == 0 ? 1 << 14 : 0)
  }

  private mutating func end() {
    remaining = 0
    isReading = false
    isActive = false
    isRefused = false
  }

  /// GMBUS1.
  private struct Command: Register {
    var rawValue: UInt32

    var clears: Bool { self[31] }
    var isReady: Bool { self[30] }
    var stops: Bool { self[27] }
    var hasIndex: Bool { self[26] }
    /// A cycle that waits afterwards or has an index moves bytes.
    var transfers: Bool { self[25] || self[26] }
    var count: Int { Int(self[16...24]) }
    var index: UInt32 { self[8...15] }
    var address: Int { Int(self[1...7]) }
    var isRead: Bool { self[0] }
  }
}
