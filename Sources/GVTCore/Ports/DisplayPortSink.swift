// A DisplayPort monitor as the AUX channel sees it: its DPCD, its link training and the I²C bus behind it
// (VESA DisplayPort 1.2, sections 2.7 and 2.9).

/// A DisplayPort 1.2 sink of four lanes up to 5.4 Gbit/s each, whose link always trains at the first attempt.
package struct DisplayPortSink: Hashable, Sendable {
  /// How far link training has come.
  enum Training: UInt8 {
    case none
    case clockRecovered
    case equalised
  }

  /// DPCD 0x100 to 0x1ff: what the source has set.
  private(set) var link = [UInt8](repeating: 0, count: 0x100)
  /// DPCD 0x600.
  private(set) var power: UInt8 = 1
  private(set) var training = Training.none
  private(set) var channel = DisplayDataChannel()

  package init() {}

  /// A sink as it was.
  init(link: [UInt8], power: UInt8, training: Training, channel: DisplayDataChannel) {
    precondition(link.count == 0x100, "the link's part of the DPCD has 256 bytes")
    self.link = link
    self.power = power
    self.training = training
    self.channel = channel
  }

  /// The reply to an AUX message, its status first; nil for one that is no message, which times out.
  package mutating func reply(to message: [UInt8], edid: [UInt8]) -> [UInt8]? {
    guard message.count >= 3 else { return nil }
    let command = message[0] >> 4
    let address = Int(message[0] & 0xf) << 16 | Int(message[1]) << 8 | Int(message[2])
    // A message of three bytes has only an address; its length is none.
    let count = message.count == 3 ? 0 : min(Int(message[3]) + 1, 16)
    let data = message.dropFirst(4).prefix(count)
    switch command {
    case 0x9: return [Self.acknowledged] + (0..<count).map { self[address + $0] }
    case 0x8:
      for (offset, byte) in data.enumerated() { self[address + offset] = byte }
      return [Self.acknowledged]
    // I²C: bit 0 reads, bit 1 asks how a write went, bit 2 keeps the bus for another message.
    case 0x0...0x7: return transfer(isRead: command & 1 == 1, address: address, count: count, data: data, edid: edid)
    default: return [Self.refused]
    }
  }

  /// What the socket of a built-in panel answers while it has none: a DPCD of zeros, which i915 takes for no panel after
  /// one read. Of a message that times out it would make 128.
  package static func blank(to message: [UInt8]) -> [UInt8]? {
    guard message.count == 4, message[0] >> 4 == 0x9 else { return nil }
    return [acknowledged] + Array(repeating: 0, count: min(Int(message[3]) + 1, 16))
  }

  private static let acknowledged: UInt8 = 0x00
  private static let refused: UInt8 = 0x10
  private static let refusedByDevice: UInt8 = 0x40

  private mutating func transfer(isRead: Bool, address: Int, count: Int, data: ArraySlice<UInt8>, edid: [UInt8])
    -> [UInt8]
  {
    guard address == DisplayDataChannel.address else { return [Self.refusedByDevice] }
    channel.begin()
    if isRead {
      defer { channel.advance(count) }
      return [Self.acknowledged] + channel.peek(count, of: edid)
    }
    for byte in data { channel.write(byte) }
    return [Self.acknowledged]
  }

  // MARK: - DPCD

  /// Revision 1.2; 5.4 Gbit/s; four lanes, enhanced framing and the third training pattern; down-spread; one receiver
  /// port; no branches; 8b/10b coding.
  private static let capabilities: [UInt8] = [0x12, 0x14, 0xc4, 0x01, 0x01, 0x00, 0x01]

  /// A byte of the DPCD. What is not there reads as zero and takes no writes.
  private subscript(address: Int) -> UInt8 {
    get {
      switch address {
      case 0..<Self.capabilities.count: Self.capabilities[address]
      case 0x100...0x1ff: link[address - 0x100]
      case 0x200: 1
      case 0x202: laneStatus(0) | laneStatus(1) << 4
      case 0x203: laneStatus(2) | laneStatus(3) << 4
      // All lanes are aligned; the receiver is in step once the patterns are over.
      case 0x204: training == .equalised ? 1 : 0
      case 0x205: training == .equalised && pattern == 0 ? 1 : 0
      case 0x600: power
      default: 0
      }
    }
    set {
      switch address {
      case 0x100...0x1ff:
        link[address - 0x100] = newValue
        // Another rate or number of lanes needs training again.
        if address <= 0x101 { training = .none }
        if address == 0x102 { train() }
      case 0x600:
        power = newValue
        if newValue & 7 != 1 { training = .none }
      default: break
      }
    }
  }

  private var pattern: UInt8 { link[2] & 3 }
  private var laneCount: Int { Int(link[1] & 0x1f) }

  private mutating func train() {
    let isPossible = [0x06, 0x0a, 0x14].contains(link[0]) && [1, 2, 4].contains(laneCount)
    switch pattern {
    case 0: break
    case 1: training = isPossible ? .clockRecovered : .none
    default: training = isPossible ? .equalised : .none
    }
  }

  /// Clock recovered, equalised, symbols locked.
  private func laneStatus(_ lane: Int) -> UInt8 {
    guard lane < laneCount else { return 0 }
    switch training {
    case .none: return 0
    case .clockRecovered: return 0b001
    case .equalised: return 0b111
    }
  }
}
