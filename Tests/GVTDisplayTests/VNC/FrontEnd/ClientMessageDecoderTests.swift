import GVTCore
import NIOCore
import Testing

@testable import GVTDisplay

struct ClientMessageDecoderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: ClientMessage
    init(_ name: String, _ bytes: [UInt8], _ message: ClientMessage) {
      testDescription = name
      self.bytes = bytes
      self.message = message
    }
  }

  static let cases: [Case] = [
    .init(
      "pixel format", [0, 9, 9, 9, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 9, 9, 9], .setPixelFormat(.native)),
    .init("encodings", [2, 0, 0, 2, 0, 0, 0, 7, 255, 255, 255, 17], .setEncodings([7, -239])),
    .init("no encodings", [2, 0, 0, 0], .setEncodings([])),
    .init(
      "update request", [3, 1, 0, 1, 0, 2, 1, 0, 255, 255],
      .updateRequest(rect: PixelRect(x: 1, y: 2, width: 256, height: 65535), isIncremental: true)),
    .init("key", [4, 1, 0, 0, 1, 0, 0x20, 0xac], .key(KeyPress(keysym: 0x0100_20ac, isDown: true))),
    .init(
      "pointer", [5, 0x85, 0x01, 0x02, 0xff, 0xff],
      .pointer(PointerState(position: PixelPoint(x: 258, y: 65535), buttons: [.left, .right, .side]))),
    .init("cut text", [6, 0, 0, 0, 0, 0, 0, 3, 4, 5, 6], .ignored(type: 6)),
    .init("extended clipboard", [6, 0, 0, 0, 255, 255, 255, 252, 1, 2, 3, 4], .ignored(type: 6)),
    .init("server input", [9, 1, 0, 0], .ignored(type: 9)),
    .init(
      "continuous updates", [150, 1, 0, 0, 0, 0, 0, 8, 0, 9],
      .enableContinuousUpdates(rect: PixelRect(x: 0, y: 0, width: 8, height: 9), isEnabled: true)),
    .init("fence", [248, 0, 0, 0, 0x80, 0, 0, 1, 2, 7, 8], .fence(flags: 0x8000_0001, payload: [7, 8])),
    .init("xvp", [250, 0, 1, 3], .ignored(type: 250)),
    .init(
      "desktop size of guacd", [251, 0, 3, 32, 2, 88, 1, 0] + [1, 0, 0, 0] + [UInt8](repeating: 255, count: 12),
      .setDesktopSize(PixelSize(width: 800, height: 600))),
    .init("desktop size, no screens", [251, 0, 0, 0, 0, 0, 0, 0], .setDesktopSize(PixelSize(width: 0, height: 0))),
    .init("gii, big endian", [253, 0x81, 0, 4, 0, 1, 0, 1], .ignored(type: 253)),
    .init("gii, little endian", [253, 0x01, 2, 0, 1, 1], .ignored(type: 253)),
    .init(
      "extended key", [255, 0, 0, 1, 0, 0, 0, 0x61, 0, 0, 0, 0x9d],
      .key(KeyPress(keysym: 0x61, scanCode: 0x9d, isDown: true))),
    .init("audio on", [255, 1, 0, 0], .ignored(type: 255)),
    .init("audio format", [255, 1, 0, 2, 3, 2, 0, 0, 0xac, 0x44], .ignored(type: 255)),
  ]

  @Test(arguments: cases)
  func `a message is understood wherever it is cut`(_ example: Case) throws {
    let end = ClientMessage.ignored(type: 250)
    for cut in 0...example.bytes.count {
      var decoder = ClientMessageDecoder()
      decoder.append(ByteBuffer(bytes: example.bytes[..<cut]))
      var messages = try decoder.drain()
      decoder.append(ByteBuffer(bytes: example.bytes[cut...] + [250, 0, 1, 2]))
      messages += try decoder.drain()
      #expect(messages == [example.message, end])
      #expect(decoder.waitingBytes == 0)
    }
  }

  @Test func `all messages in single bytes come in order`() throws {
    var decoder = ClientMessageDecoder()
    var messages: [ClientMessage] = []
    for byte in Self.cases.flatMap(\.bytes) {
      decoder.append(ByteBuffer(bytes: [byte]))
      messages += try decoder.drain()
    }
    #expect(messages == Self.cases.map(\.message))
  }

  @Test(
    arguments: [
      [1], [7], [8], [10], [11], [100], [252], [254],  // unknown or of the server only
      [248, 0, 0, 0, 0, 0, 0, 0, 65],  // a fence too long
      [6, 0, 0, 0, 0x7f, 255, 255, 255], [6, 0, 0, 0, 0x80, 0, 0, 0],  // cut texts of 2 GiB
      [255, 2], [255, 1, 0, 3],  // no such QEMU message
      [0, 0, 0, 0, 24, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0],  // 24 bits per pixel
      [0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 25, 8, 0, 0, 0, 0],  // red leaves the pixel
      [0, 0, 0, 0, 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 255, 0, 0, 0],  // a shift that traps
    ] as [[UInt8]])
  func `what cannot be framed is a violation`(_ bytes: [UInt8]) {
    var decoder = ClientMessageDecoder()
    decoder.append(ByteBuffer(bytes: bytes))
    #expect(throws: ProtocolViolation.self) { try decoder.drain() }
  }

  @Test func `of very many encodings the first are kept`() throws {
    var decoder = ClientMessageDecoder()
    decoder.append(ByteBuffer(bytes: [2, 0, 255, 255]))
    let encodings = [UInt8](repeating: 1, count: 4 * 65535)
    decoder.append(ByteBuffer(bytes: encodings + [9, 0, 0, 0]))
    let kept = [Int32](repeating: 0x0101_0101, count: ClientMessageDecoder.mostEncodings)
    #expect(try decoder.drain() == [.setEncodings(kept), .ignored(type: 9)])
  }

  @Test func `a long cut text is passed over without being kept`() throws {
    var decoder = ClientMessageDecoder()
    decoder.append(ByteBuffer(bytes: [6, 0, 0, 0, 0, 16, 0, 0]))
    let portion = ByteBuffer(repeating: 5, count: 4096)
    var messages = try decoder.drain()
    for _ in 0..<256 {
      decoder.append(portion)
      #expect(decoder.waitingBytes == 0)
      messages += try decoder.drain()
    }
    decoder.append(ByteBuffer(bytes: [9, 0, 0, 0]))
    #expect(try messages + decoder.drain() == [.ignored(type: 6), .ignored(type: 9)])
  }
}

extension ClientMessageDecoder {
  /// All whole messages.
  mutating func drain() throws(ProtocolViolation) -> [ClientMessage] {
    var messages: [ClientMessage] = []
    while let message = try next() { messages.append(message) }
    return messages
  }
}
