// Keys and pointer by QMP, for a VM whose screen we have by other means.
import GVTCore
import Logging

/// Keeps a connection to a VM's QMP socket and passes input through it. The VM may come, go and come again.
final class QMPInput {
  private static let retry: Int64 = .milliseconds(1000)
  /// The guest's driver says when its tablet takes over from its mouse; QEMU has no event for that.
  private static let mouseCheck: Int64 = .milliseconds(2000)

  private let path: String
  private let loop: EventLoop
  private let logger: Logger
  private let isPersistent: Bool
  private let changed: () -> Void
  private var connection: QMPConnection?
  private var timer: EventLoop.TimerID?
  private var complaint: String?
  private var guest: QMPGuestInput?

  /// Where input goes; nil while QEMU does not answer.
  private(set) var sink: QEMUInputSink?
  /// Why it goes nowhere; nil while it does.
  private(set) var status: String? = "QEMU has not answered yet"

  /// `changed` is called whenever ``sink`` has. A socket that nobody named is tried once, without a word if it is in use:
  /// `isPersistent` is false then, and `changed` is called for that too.
  init(
    path: String, isPersistent: Bool = true, on loop: EventLoop, logger: Logger, changed: @escaping () -> Void
  ) {
    self.path = path
    self.isPersistent = isPersistent
    self.loop = loop
    self.logger = logger
    self.changed = changed
    connect()
  }

  deinit { stop() }

  /// The size that positions are in.
  var size = PixelSize(width: 1, height: 1) {
    didSet { guest?.size = size }
  }

  /// Whether the guest's pointer goes where it is put.
  var isAbsolute: Bool { guest?.isAbsolute ?? false }

  func stop() {
    loop.cancel(timer)
    connection?.close()
    connection = nil
  }

  private func connect() {
    let events = QMPConnection.Events(
      ready: { [weak self] _ in self?.isReady() }, event: { _ in }, ended: { [weak self] in self?.ended($0) })
    do throws(QMPEnding) {
      connection = try QMPConnection(path: path, on: loop, events: events)
    } catch {
      ended(error)
    }
  }

  private func isReady() {
    guard let connection else { return }
    let guest = QMPGuestInput(connection, size: size)
    self.guest = guest
    status = nil
    complaint = nil
    sink = QEMUInputSink(guest, on: loop)
    logger.info("keys and pointer reach the VM", metadata: ["qmp": "\(path)"])
    checkMice()
    changed()
  }

  private func checkMice() {
    guest?.findPointer()
    timer = loop.schedule(after: Self.mouseCheck) { [weak self] in self?.checkMice() }
  }

  private func ended(_ ending: QMPEnding) {
    let (status, _) = VMWords().ending(ending, socketPath: path)
    if isPersistent, case .failed(let sentence) = status { complain(sentence) }
    self.status =
      switch status {
      case .running: nil
      case .waiting(let sentence), .failed(let sentence): sentence
      }
    loop.cancel(timer)
    timer = isPersistent ? loop.schedule(after: Self.retry) { [weak self] in self?.connect() } : nil
    connection = nil
    guest = nil
    guard sink != nil || !isPersistent else { return }
    sink = nil
    changed()
  }

  private func complain(_ sentence: String) {
    guard sentence != complaint else { return }
    complaint = sentence
    logger.warning("no keys and no pointer: \(sentence)")
  }
}

/// One QEMU's input devices (qapi/ui.json, input-send-event).
private final class QMPGuestInput: GuestInput {
  private let connection: QMPConnection
  var size: PixelSize
  private(set) var isAbsolute = true

  init(_ connection: QMPConnection, size: PixelSize) {
    self.connection = connection
    self.size = size
  }

  private struct Mouse: Decodable {
    var current: Bool
    var absolute: Bool
  }

  /// Asks which pointer device the guest uses now.
  func findPointer() {
    connection.execute("query-mice") { [weak self] answer in
      guard case .done(let answer) = answer, let mice: [Mouse] = answer.decode() else { return }
      if let mouse = mice.first(where: \.current) { self?.isAbsolute = mouse.absolute }
    }
  }

  func key(_ code: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void) {
    send([.key(code, isDown: isDown)], completion)
  }

  func button(_ number: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void) {
    guard let name = InputEvents.buttons[number] else { return completion("there is no button \(number)") }
    send([.button(name, isDown: isDown)], completion)
  }

  func movePointer(to position: PixelPoint, _ completion: @escaping (String?) -> Void) {
    send(
      [
        .absolute("x", InputEvents.absolute(position.x, of: size.width)),
        .absolute("y", InputEvents.absolute(position.y, of: size.height)),
      ], completion)
  }

  func movePointer(byX dx: Int, y dy: Int, _ completion: @escaping (String?) -> Void) {
    send([.relative("x", dx), .relative("y", dy)], completion)
  }

  private func send(_ events: [InputEvents.Event], _ completion: @escaping (String?) -> Void) {
    connection.execute("input-send-event", InputEvents(events: events)) { answer in
      switch answer {
      case .done: completion(nil)
      case .refused(let words): completion(words)
      }
    }
  }
}

/// The arguments of input-send-event.
struct InputEvents: Encodable {
  /// Absolute axes have 15 bits (INPUT_EVENT_ABS_MAX in include/ui/input.h).
  static let absoluteMaximum = 0x7fff
  /// Names of the numbers that QEMU's D-Bus display uses for the same.
  static let buttons: [UInt32: String] = [
    0: "left", 1: "middle", 2: "right", 3: "wheel-up", 4: "wheel-down", 5: "side", 6: "extra", 7: "wheel-left",
    8: "wheel-right",
  ]

  var events: [Event]

  struct Event: Encodable {
    var type: String
    var data: Data

    static func key(_ code: UInt32, isDown: Bool) -> Event {
      Event(type: "key", data: Data(down: isDown, key: Key(data: code)))
    }

    static func button(_ name: String, isDown: Bool) -> Event {
      Event(type: "btn", data: Data(down: isDown, button: name))
    }

    static func absolute(_ axis: String, _ value: Int) -> Event {
      Event(type: "abs", data: Data(axis: axis, value: value))
    }

    static func relative(_ axis: String, _ value: Int) -> Event {
      Event(type: "rel", data: Data(axis: axis, value: value))
    }
  }

  /// The fields of all kinds of events; those of others stay away.
  struct Data: Encodable {
    var down: Bool?
    var key: Key?
    var button: String?
    var axis: String?
    var value: Int?
  }

  struct Key: Encodable {
    var type = "number"
    var data: UInt32
  }

  /// Where the middle of a pixel is on an absolute axis, so that a guest of the same size rounds to that very pixel.
  static func absolute(_ position: Int, of side: Int) -> Int {
    guard side > 0 else { return 0 }
    return min(max((2 * position + 1) * (absoluteMaximum + 1) / (2 * side), 0), absoluteMaximum)
  }
}
