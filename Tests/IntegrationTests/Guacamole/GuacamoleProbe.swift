// A Guacamole client for tests: what a browser does between guacd and a person, without the browser.
import Foundation
import TestSupport

/// guacd ended the connection and said why.
struct GuacamoleError: Error, CustomStringConvertible {
  let text: String
  /// guacamole-protocol, "Status codes"; nil when it hung up without one.
  let status: Int?
  /// 0x0207: the VNC server cannot be reached, or does not take the password.
  static let upstreamNotFound = 519
  var description: String { "guacd: \(text) (\(status.map { String($0) } ?? "no status"))" }
}

final class GuacamoleProbe {
  private struct ImageStream {
    let mask: ChannelMask
    let layer: Int
    let mimeType: String
    let x: Int
    let y: Int
    var bytes: [UInt8] = []
  }

  /// Names this connection, for others to join it.
  private(set) var identifier = ""
  private(set) var version = ""
  private(set) var canvas = GuacamoleCanvas()
  private(set) var cursor: GuacamoleImage?
  /// How many pixels came by each type of image or instruction.
  private(set) var area: [String: Int] = [:]
  private(set) var frames = 0
  /// Parameters that guacd asks the person for.
  private(set) var asked: [String] = []
  /// Instructions that may have drawn what we do not know how to draw.
  private(set) var unknown: Set<String> = []
  private let connection: Connection
  private var images: [Int: ImageStream] = [:]
  private var lastSync = ""

  var picture: Picture { canvas.picture }

  /// Asks guacd for a VNC connection with these parameters.
  convenience init(_ server: GuacamoleServer, to address: ServerAddress, _ parameters: [String: String] = [:]) throws {
    let target = ["hostname": "127.0.0.1", "port": "\(address.port)"]
    try self.init(server, select: "vnc", target.merging(parameters) { $1 })
  }

  /// Joins the connection of somebody else.
  convenience init(_ server: GuacamoleServer, joining other: GuacamoleProbe, isReadOnly: Bool) throws {
    try self.init(server, select: other.identifier, ["read-only": isReadOnly ? "true" : ""])
  }

  private init(_ server: GuacamoleServer, select: String, _ parameters: [String: String]) throws {
    connection = try Connection(to: server.address)
    try say("select", select)
    let offered = try expect("args").arguments
    version = offered.first ?? ""
    try say("size", "1024", "768", "96")
    try say("audio")
    try say("video")
    try say("image", "image/png", "image/jpeg")
    try say("timezone", "Europe/Berlin")
    try connection.send(
      GuacamoleInstruction("connect", [version] + offered.dropFirst().map { parameters[$0, default: ""] }))
    identifier = try expect("ready").text(0)
  }

  func say(_ opcode: String, _ arguments: String...) throws {
    try connection.send(GuacamoleInstruction(opcode, arguments))
  }

  private func expect(_ opcode: String) throws -> GuacamoleInstruction {
    let instruction = try connection.nextInstruction()
    if instruction.opcode == opcode { return instruction }
    try take(instruction)
    throw TestFailure("guacd says \(instruction.opcode) \(instruction.arguments) instead of \(opcode)")
  }
}

// What a person does.
extension GuacamoleProbe {
  func key(_ keysym: Int, isDown: Bool) throws { try say("key", "\(keysym)", isDown ? "1" : "0") }

  /// Types as an on-screen keyboard does: each character's keysym, without Shift.
  func type(_ text: String) throws {
    for scalar in text.unicodeScalars {
      let value = Int(scalar.value)
      let keysym = value < 0x100 ? value : value == 0x20ac ? 0x20ac : 0x0100_0000 | value
      try key(keysym, isDown: true)
      try key(keysym, isDown: false)
    }
  }

  /// Gives a parameter that guacd asked for, as a stream of its name.
  func answer(_ name: String, _ value: String) throws {
    try say("argv", "0", "text/plain", name)
    try say("blob", "0", Data(value.utf8).base64EncodedString())
    try say("end", "0")
  }

  func click(x: Int, y: Int) throws {
    for buttons in ["0", "1", "0"] { try say("mouse", "\(x)", "\(y)", buttons) }
  }
}

// What a browser does.
extension GuacamoleProbe {
  /// Follows what guacd draws until `condition` holds at the end of a frame.
  func follow(within limit: Double = 15, until condition: (GuacamoleProbe) throws -> Bool) throws {
    let end = secondsNow() + limit
    while try !condition(self) {
      guard try takeFrame(within: max(0, end - secondsNow())) else {
        throw TestFailure("what was waited for did not come through guacd in \(limit) s")
      }
    }
  }

  /// Follows for several people until `condition` holds for each at once; none is left unanswered, which guacd would take
  /// for a dead browser.
  static func follow(
    _ probes: [GuacamoleProbe], within limit: Double = 15, until condition: (GuacamoleProbe) throws -> Bool
  ) throws {
    let end = secondsNow() + limit
    while try !probes.allSatisfy(condition) {
      for probe in probes { while try probe.takeFrame(within: 0.02) {} }
      guard secondsNow() < end else {
        let states = try probes.map {
          "\($0.identifier): \(try condition($0) ? "there" : "not there"), \($0.frames) frames"
        }
        throw TestFailure("not everybody saw it in \(limit) s: \(states.joined(separator: "; "))")
      }
    }
  }

  /// Follows until nothing is drawn for `quiet` seconds, or `limit` has passed.
  func settle(quiet: Double = 0.7, within limit: Double = 15) throws {
    let end = secondsNow() + limit
    var lastDrawing = secondsNow()
    var seen = area
    while secondsNow() < min(end, lastDrawing + quiet) {
      _ = try takeFrame(within: min(0.1, quiet))
      if area != seen {
        seen = area
        lastDrawing = secondsNow()
      }
    }
  }

  /// Takes what comes up to the next end of a frame or question; false if nothing comes in `seconds`.
  private func takeFrame(within seconds: Double) throws -> Bool {
    let end = secondsNow() + seconds
    while connection.isReadable(within: max(0, end - secondsNow())) {
      let instruction = try connection.nextInstruction()
      try take(instruction)
      if instruction.opcode == "sync" || instruction.opcode == "required" { return true }
    }
    return false
  }

  private func take(_ instruction: GuacamoleInstruction) throws {
    if try canvas.obey(instruction) {
      area[instruction.opcode, default: 0] += 1
      return
    }
    switch instruction.opcode {
    case "sync": try answerSync(instruction)
    case "img": try beginImage(instruction)
    case "blob": try addBlob(instruction)
    case "end": try endImage(instruction)
    case "cursor": try takeCursor(instruction)
    case "error": throw GuacamoleError(text: try instruction.text(0), status: try instruction.number(1))
    case "disconnect": throw GuacamoleError(text: "disconnect", status: nil)
    case "required": asked += instruction.arguments
    // The pointer as others see it, the title, the clipboard and the like: not the screen's pixels.
    case "mouse", "move", "shade", "name", "nop", "clipboard", "audio", "ack", "argv", "msg": break
    default: unknown.insert(instruction.opcode)
    }
  }

  /// guacd reckons from the answer how far behind we are; each time stamp is answered once.
  private func answerSync(_ instruction: GuacamoleInstruction) throws {
    let stamp = try instruction.text(0)
    frames += 1
    guard stamp != lastSync else { return }
    lastSync = stamp
    try say("sync", stamp)
  }

  private func beginImage(_ instruction: GuacamoleInstruction) throws {
    images[try instruction.number(0)] = ImageStream(
      mask: ChannelMask(rawValue: try instruction.number(1)), layer: try instruction.number(2),
      mimeType: try instruction.text(3), x: try instruction.number(4), y: try instruction.number(5))
  }

  private func addBlob(_ instruction: GuacamoleInstruction) throws {
    let stream = try instruction.number(0)
    guard let data = Data(base64Encoded: try instruction.text(1)) else { throw TestFailure("a blob is not base64") }
    images[stream]?.bytes += [UInt8](data)
    try say("ack", "\(stream)", "OK", "0")
  }

  private func endImage(_ instruction: GuacamoleInstruction) throws {
    guard let stream = images.removeValue(forKey: try instruction.number(0)) else { return }
    let image = try GuacamoleImage(stream.bytes, mimeType: stream.mimeType)
    if stream.layer == 0 { area[stream.mimeType, default: 0] += image.width * image.height }
    canvas.draw(image, on: stream.layer, x: stream.x, y: stream.y, mask: stream.mask)
  }

  private func takeCursor(_ instruction: GuacamoleInstruction) throws {
    cursor = canvas.image(
      try instruction.number(2), x: try instruction.number(3), y: try instruction.number(4),
      width: try instruction.number(5), height: try instruction.number(6))
  }
}
