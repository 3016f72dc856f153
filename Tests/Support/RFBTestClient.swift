// An RFB client for tests: speaks 3.3 to 3.8, decodes what servers send, keeps the picture and counts what came.
import CVNCServer

/// Encodings and pseudo-encodings by number (rfbproto, "Encodings").
package enum Encoding {
  package static let raw: Int32 = 0
  package static let copyRect: Int32 = 1
  package static let hextile: Int32 = 5
  package static let zlib: Int32 = 6
  package static let tight: Int32 = 7
  package static let zrle: Int32 = 16
  package static let desktopSize: Int32 = -223
  package static let lastRect: Int32 = -224
  package static let pointerPosition: Int32 = -232
  package static let richCursor: Int32 = -239
  package static let extendedKey: Int32 = -258
  package static let ledState: Int32 = -261
  package static let desktopName: Int32 = -307
  package static let extendedDesktopSize: Int32 = -308
  package static let fence: Int32 = -312
  package static let continuousUpdates: Int32 = -313
  package static let cursorWithAlpha: Int32 = -314
  /// JPEG quality 0 to 9.
  package static func quality(_ level: Int32) -> Int32 { -32 + level }
  package static func compression(_ level: Int32) -> Int32 { -256 + level }
}

package struct Rectangle: Sendable, Equatable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int
  package var encoding: Int32
  /// What its data took on the wire.
  package var bytes = 0
}

package struct Update: Sendable {
  package var rectangles: [Rectangle] = []
  package var bytes = 0
}

package struct ReceivedCursor: Sendable {
  package var hotX: Int
  package var hotY: Int
  package var width: Int
  package var height: Int
  /// 0xAARRGGBB, not premultiplied for RichCursor, premultiplied for Cursor With Alpha.
  package var pixels: [UInt32]
}

package enum ServerMessage: Sendable {
  case update(Update)
  case bell
  case cutText([UInt8])
  case fence(flags: Int, payload: [UInt8])
  case endOfContinuousUpdates
  case colourMap
}

package final class RFBTestClient {
  package struct Options: Sendable {
    package var version = "003.008"
    package var password: String?
    package var isShared = true
    package var layout = PixelLayout.standard
    package var encodings: [Int32]
    /// False: pixels are read and thrown away, for benchmarks.
    package var decodes = true
    package var receiveBuffer: Int32 = 0

    package init(_ encodings: Int32..., password: String? = nil) {
      self.encodings = encodings
      self.password = password
    }
  }

  package let connection: Connection
  package let options: Options
  package internal(set) var picture: Picture
  package internal(set) var name = ""
  package internal(set) var cursor: ReceivedCursor?
  package internal(set) var screens: [(id: Int, x: Int, y: Int, width: Int, height: Int)] = []
  /// Reason and status of each ExtendedDesktopSize rectangle (its x and y).
  package internal(set) var resizeAnswers: [(reason: Int, status: Int)] = []
  package internal(set) var lights: UInt8?
  package internal(set) var pointer: (x: Int, y: Int)?
  package internal(set) var acceptsExtendedKeys = false
  package internal(set) var updates = 0
  package internal(set) var offeredSecurity: [UInt8] = []
  let tight: TightDecoder
  let zrle: Inflater
  let zlib: Inflater
  /// Area painted since the last full request, a byte per pixel.
  var painted: [Bool] = []

  /// Connects and passes the whole handshake.
  package init(_ address: ServerAddress, _ options: Options) throws {
    self.options = options
    connection = try Connection(to: address, receiveBuffer: options.receiveBuffer)
    tight = try TightDecoder(layout: options.layout)
    zrle = try Inflater()
    zlib = try Inflater()
    picture = Picture(width: 0, height: 0)
    try handshake()
    setPixelFormat(options.layout)
    try setEncodings(options.encodings)
  }

  private func handshake() throws {
    let greeting = try connection.read(12)
    guard greeting.starts(with: "RFB 003.".utf8) else { throw TestFailure("not RFB: \(greeting)") }
    try connection.write(Array("RFB \(options.version)\n".utf8))
    let isOld = options.version == "003.003"
    let type = isOld ? UInt8(truncatingIfNeeded: try connection.u32()) : try chooseSecurity()
    switch type {
    case 0: throw TestFailure("refused: \(try reason())")
    case 1: if options.version >= "003.008" { try securityResult() }
    case 2:
      try authenticate()
      try securityResult()
    default: throw TestFailure("unknown security type \(type)")
    }
    try connection.write([options.isShared ? 1 : 0])
    let width = try connection.u16()
    let height = try connection.u16()
    _ = try connection.read(16)
    name = String(decoding: try connection.read(try connection.u32()), as: UTF8.self)
    picture = Picture(width: width, height: height)
    painted = Array(repeating: false, count: width * height)
  }

  private func chooseSecurity() throws -> UInt8 {
    offeredSecurity = try connection.read(Int(try connection.byte()))
    if offeredSecurity.isEmpty { return 0 }
    let wanted: UInt8 = options.password != nil && offeredSecurity.contains(2) ? 2 : offeredSecurity[0]
    try connection.write([wanted])
    return wanted
  }

  private func reason() throws -> String { String(decoding: try connection.read(try connection.u32()), as: UTF8.self) }

  private func securityResult() throws {
    let result = try connection.u32()
    guard result != 0 else { return }
    let why = options.version >= "003.008" ? try reason() : "no reason given"
    throw TestFailure("authentication failed (\(result)): \(why)")
  }

  /// VNC Authentication through libvncserver's own DES, so that ours is checked against another.
  private func authenticate() throws {
    guard let password = options.password else { throw TestFailure("the server wants a password") }
    var challenge = try connection.read(16)
    var secret = Array(password.utf8CString)
    rfbEncryptBytes(&challenge, &secret)
    try connection.write(challenge)
  }
}

// What the client says.
extension RFBTestClient {
  package func setPixelFormat(_ layout: PixelLayout) { try? connection.write([0, 0, 0, 0] + layout.message) }

  package func setEncodings(_ encodings: [Int32]) throws {
    try connection.write([2, 0] + bytes16(encodings.count) + encodings.flatMap { bytes32(Int($0)) })
  }

  package func request(incremental: Bool, x: Int = 0, y: Int = 0, width: Int? = nil, height: Int? = nil) throws {
    let size = bytes16(width ?? picture.width) + bytes16(height ?? picture.height)
    try connection.write([3, incremental ? 1 : 0] + bytes16(x) + bytes16(y) + size)
  }

  package func key(_ keysym: Int, isDown: Bool) throws {
    try connection.write([4, isDown ? 1 : 0, 0, 0] + bytes32(keysym))
  }

  package func press(_ keysym: Int) throws {
    try key(keysym, isDown: true)
    try key(keysym, isDown: false)
  }

  package func type(_ text: String) throws {
    for scalar in text.unicodeScalars { try press(scalar == "\n" ? 0xff0d : Int(scalar.value)) }
  }

  package func pointer(x: Int, y: Int, buttons: UInt8 = 0) throws {
    try connection.write([5, buttons] + bytes16(x) + bytes16(y))
  }

  package func click(x: Int, y: Int) throws {
    for buttons: UInt8 in [0, 1, 0] { try pointer(x: x, y: y, buttons: buttons) }
  }

  /// QEMU Extended Key Event: `code` is an XT scan code.
  package func extendedKey(_ keysym: Int, code: Int, isDown: Bool) throws {
    try connection.write([255, 0] + bytes16(isDown ? 1 : 0) + bytes32(keysym) + bytes32(code))
  }

  package func setDesktopSize(width: Int, height: Int, screen: Int = 1) throws {
    let size = bytes16(width) + bytes16(height)
    try connection.write([251, 0] + size + [1, 0] + bytes32(screen) + bytes32(0) + size + bytes32(0))
  }

  package func fence(flags: Int, payload: [UInt8]) throws {
    try connection.write([248, 0, 0, 0] + bytes32(flags) + [UInt8(payload.count)] + payload)
  }

  package func enableContinuousUpdates(_ isEnabled: Bool) throws {
    try connection.write(
      [150, isEnabled ? 1 : 0] + bytes16(0) + bytes16(0) + bytes16(picture.width) + bytes16(picture.height))
  }
}

// What tests wait for.
extension RFBTestClient {
  package func nextUpdate() throws -> Update {
    while true {
      if case .update(let update) = try nextMessage() { return update }
    }
  }

  /// Asks for everything, and then for changes, until every pixel has come.
  package func wholePicture() throws -> Picture {
    painted = Array(repeating: false, count: picture.width * picture.height)
    try request(incremental: false)
    _ = try nextUpdate()
    while painted.contains(false) {
      try request(incremental: true)
      _ = try nextUpdate()
    }
    return picture
  }

  /// The picture once nothing has changed for `quiet` seconds.
  package func settledPicture(quiet: Double = 0.5, within limit: Double = 20) throws -> Picture {
    _ = try wholePicture()
    let end = secondsNow() + limit
    try request(incremental: true)
    while connection.isReadable(within: quiet) {
      guard secondsNow() < end else { throw TestFailure("the picture does not settle in \(limit) s") }
      if case .update = try nextMessage() { try request(incremental: true) }
    }
    return picture
  }

  /// Follows changes until `condition` holds of the picture.
  package func follow(within limit: Double = 10, until condition: (RFBTestClient) throws -> Bool) throws {
    let end = secondsNow() + limit
    try request(incremental: true)
    while try !condition(self) {
      guard connection.isReadable(within: max(0, end - secondsNow())) else {
        throw TestFailure("what was waited for did not come in \(limit) s")
      }
      if case .update = try nextMessage() { try request(incremental: true) }
    }
  }
}
