// Cuts a viewer's bytes into whole messages, and keeps no more of them than it must (rfbproto, Client to Server Messages).
import GVTCore
package import NIOCore

/// A viewer said something that cannot be framed, so that nothing after it can be understood.
package struct ProtocolViolation: Error, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Bytes in any portions in, messages out.
package struct ClientMessageDecoder {
  /// Encodings beyond these are skipped: a message may name 65535.
  package static let mostEncodings = 1024
  /// The longest cut text that is skipped rather than refused. None of it is kept.
  package static let longestCutText = 16 << 20
  /// The longest fence payload that the protocol allows.
  package static let longestFence = 64

  private var bytes = ByteBuffer()
  /// Bytes still to be dropped before the next message begins.
  private var skipping = 0

  package init() {}

  /// Bytes held for a message that is not whole yet, and for those that were not asked for.
  package var waitingBytes: Int { bytes.readableBytes }

  package mutating func append(_ more: ByteBuffer) {
    if bytes.readableBytes == 0 {
      bytes = more
    } else {
      bytes.discardReadBytes()  // else it would grow for as long as no portion ends where a message ends
      bytes.writeImmutableBuffer(more)
    }
    skip()
  }

  /// The next message; nil if it is not whole yet.
  package mutating func next() throws(ProtocolViolation) -> ClientMessage? {
    skip()
    guard skipping == 0, let type: UInt8 = peek(0) else { return nil }
    switch type {
    case 0: return try setPixelFormat()
    case 2: return setEncodings()
    case 3: return rect(of: 10).map { .updateRequest(rect: $0.rect, isIncremental: $0.flag) }
    case 4: return key()
    case 5: return pointer()
    case 6: return try cutText()
    case 9, 250: return take(4) { _ in .ignored(type: type) }
    case 150: return rect(of: 10).map { .enableContinuousUpdates(rect: $0.rect, isEnabled: $0.flag) }
    case 248: return try fence()
    case 251: return setDesktopSize()
    case 253: return gii()
    case 255: return try qemu()
    default: throw ProtocolViolation("unknown message type \(type)")
    }
  }

  private mutating func skip() {
    let count = min(skipping, bytes.readableBytes)
    bytes.moveReaderIndex(forwardBy: count)
    skipping -= count
    if bytes.readableBytes == 0 { bytes = ByteBuffer() }
  }

  private func peek<Number: FixedWidthInteger>(_ offset: Int, _ order: Endianness = .big) -> Number? {
    bytes.getInteger(at: bytes.readerIndex + offset, endianness: order)
  }

  /// Hands over the next `count` bytes if they are all there.
  private mutating func take(_ count: Int, _ read: (inout ByteBuffer) -> ClientMessage?) -> ClientMessage? {
    guard var message = bytes.readSlice(length: count) else { return nil }
    return read(&message)
  }

  /// Reads a number of a message that is known to be whole.
  private static func number<Number: FixedWidthInteger>(_ message: inout ByteBuffer) -> Number {
    message.readInteger() ?? 0
  }

  /// Type, flag and a rectangle, as in FramebufferUpdateRequest and EnableContinuousUpdates.
  private mutating func rect(of count: Int) -> (flag: Bool, rect: PixelRect)? {
    guard var message = bytes.readSlice(length: count) else { return nil }
    message.moveReaderIndex(forwardBy: 1)
    let flag: UInt8 = Self.number(&message)
    var sides: [Int] = []
    for _ in 0..<4 { sides.append(Int(Self.number(&message) as UInt16)) }
    return (flag != 0, PixelRect(x: sides[0], y: sides[1], width: sides[2], height: sides[3]))
  }

  private mutating func setPixelFormat() throws(ProtocolViolation) -> ClientMessage? {
    guard var message = bytes.readSlice(length: 20) else { return nil }
    message.moveReaderIndex(forwardBy: 4)
    let format = ViewerPixelFormat(
      bitsPerPixel: Self.number(&message), depth: Self.number(&message),
      isBigEndian: Self.number(&message) as UInt8 != 0, isTrueColour: Self.number(&message) as UInt8 != 0,
      redMax: Self.number(&message), greenMax: Self.number(&message), blueMax: Self.number(&message),
      redShift: Self.number(&message), greenShift: Self.number(&message), blueShift: Self.number(&message))
    guard format.isPossible else { throw ProtocolViolation("impossible pixel format \(format)") }
    return .setPixelFormat(format)
  }

  private mutating func setEncodings() -> ClientMessage? {
    guard let count: UInt16 = peek(2) else { return nil }
    let kept = min(Int(count), Self.mostEncodings)
    guard var message = bytes.readSlice(length: 4 + 4 * kept) else { return nil }
    message.moveReaderIndex(forwardBy: 4)
    skipping = 4 * (Int(count) - kept)
    return .setEncodings((0..<kept).map { _ in Self.number(&message) })
  }

  private mutating func key() -> ClientMessage? {
    take(8) { message in
      message.moveReaderIndex(forwardBy: 1)
      let isDown: UInt8 = Self.number(&message)
      message.moveReaderIndex(forwardBy: 2)
      return .key(KeyPress(keysym: Self.number(&message), isDown: isDown != 0))
    }
  }

  private mutating func pointer() -> ClientMessage? {
    take(6) { message in
      message.moveReaderIndex(forwardBy: 1)
      let buttons = ButtonMask(rawValue: Self.number(&message))
      let x: UInt16 = Self.number(&message)
      let y: UInt16 = Self.number(&message)
      return .pointer(PointerState(position: PixelPoint(x: Int(x), y: Int(y)), buttons: buttons))
    }
  }

  /// Extended Clipboard marks itself by a negative length; the bytes that follow are as many.
  private mutating func cutText() throws(ProtocolViolation) -> ClientMessage? {
    guard let length: Int32 = peek(4) else { return nil }
    let count = abs(Int(length))
    guard count <= Self.longestCutText else { throw ProtocolViolation("cut text of \(count) bytes") }
    bytes.moveReaderIndex(forwardBy: 8)
    skipping = count
    return .ignored(type: 6)
  }

  private mutating func fence() throws(ProtocolViolation) -> ClientMessage? {
    guard let flags: UInt32 = peek(4), let length: UInt8 = peek(8) else { return nil }
    guard length <= Self.longestFence else { throw ProtocolViolation("fence of \(length) bytes; 64 are allowed") }
    guard var message = bytes.readSlice(length: 9 + Int(length)) else { return nil }
    message.moveReaderIndex(forwardBy: 9)
    return .fence(flags: flags, payload: message.readBytes(length: Int(length)) ?? [])
  }

  /// Screens are not looked at: guacd sends its id in the wrong byte order, and we have one screen.
  private mutating func setDesktopSize() -> ClientMessage? {
    guard let screens: UInt8 = peek(6) else { return nil }
    return take(8 + 16 * Int(screens)) { message in
      message.moveReaderIndex(forwardBy: 2)
      let width: UInt16 = Self.number(&message)
      let height: UInt16 = Self.number(&message)
      return .setDesktopSize(PixelSize(width: Int(width), height: Int(height)))
    }
  }

  /// The top bit of the second byte says in which order the length comes (rfbproto, gii Client Message).
  private mutating func gii() -> ClientMessage? {
    guard let kind: UInt8 = peek(1), let length: UInt16 = peek(2, kind & 0x80 != 0 ? .big : .little) else { return nil }
    bytes.moveReaderIndex(forwardBy: 4)
    skipping = Int(length)
    return .ignored(type: 253)
  }

  private mutating func qemu() throws(ProtocolViolation) -> ClientMessage? {
    guard let submessage: UInt8 = peek(1) else { return nil }
    switch submessage {
    case 0:
      return take(12) { message in
        message.moveReaderIndex(forwardBy: 2)
        let isDown: UInt16 = Self.number(&message)
        return .key(
          KeyPress(keysym: Self.number(&message), scanCode: Self.number(&message), isDown: isDown != 0))
      }
    case 1:
      guard let operation: UInt16 = peek(2) else { return nil }
      guard operation <= 2 else { throw ProtocolViolation("unknown audio operation \(operation)") }
      return take(operation == 2 ? 10 : 4) { _ in .ignored(type: 255) }
    default: throw ProtocolViolation("unknown QEMU message \(submessage)")
    }
  }
}

extension ViewerPixelFormat {
  /// Every colour fits into the pixel; so that nobody shifts by more than a pixel has.
  fileprivate var isPossible: Bool {
    guard [8, 16, 32].contains(bitsPerPixel) else { return false }
    guard isTrueColour else { return true }
    return [(redMax, redShift), (greenMax, greenShift), (blueMax, blueShift)].allSatisfy { max, shift in
      shift < bitsPerPixel && UInt64(max) << UInt64(shift) < 1 << UInt64(bitsPerPixel)
    }
  }
}
