// Fences (rfbproto, Fence): answers to the viewer's, and our own, which tell how far a viewer has got.
package import NIOCore

package enum Fence {
  package static let blockBefore: UInt32 = 1 << 0
  package static let blockAfter: UInt32 = 1 << 1
  package static let syncNext: UInt32 = 1 << 2
  package static let request: UInt32 = 1 << 31

  /// The longest payload there may be.
  package static let maximumPayload = 64

  package static func message(flags: UInt32, payload: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(UInt8(248), UInt8(0), UInt16(0))
    buffer.writeMultipleIntegers(flags, UInt8(payload.count))
    buffer.writeBytes(payload)
    return buffer
  }

  /// The answer to a viewer's fence; nil if it is an answer itself. Messages are handled in order and updates are sent in
  /// order, so that the answer's place in the stream is all that the three flags ask for.
  package static func answer(flags: UInt32, payload: [UInt8]) -> ByteBuffer? {
    guard flags & request != 0 else { return nil }
    return message(flags: flags & (blockBefore | blockAfter | syncNext), payload: payload)
  }
}

/// How many updates a viewer with continuous updates has not confirmed: without requests, fences are what keeps a slow link
/// from filling up with old frames.
package struct FenceWindow: Equatable, Sendable {
  /// Enough to keep a link of 50 ms busy at 60 frames a second; a slower one loses frames, not time.
  package static let limit = 3
  private var sent: UInt32 = 0
  private var confirmed: UInt32 = 0
  package var isSupported = false

  package init() {}

  package var isFull: Bool { isSupported && sent &- confirmed >= Self.limit }

  /// The fence to send after an update, if updates are not paced by requests.
  package mutating func next(isContinuous: Bool) -> ByteBuffer? {
    guard isSupported, isContinuous else { return nil }
    sent &+= 1
    let payload = (0..<4).map { UInt8(truncatingIfNeeded: sent >> (8 * $0)) }
    return Fence.message(flags: Fence.request | Fence.blockBefore, payload: payload)
  }

  /// A viewer's answer to a fence of ours.
  package mutating func confirm(payload: [UInt8]) {
    guard payload.count == 4 else { return }
    let number = payload.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    // An answer to a fence that was never sent is a viewer's mistake.
    guard sent &- number < sent &- confirmed else { return }
    confirmed = number
  }

  /// Without continuous updates nothing is outstanding.
  package mutating func reset() { confirmed = sent }
}
