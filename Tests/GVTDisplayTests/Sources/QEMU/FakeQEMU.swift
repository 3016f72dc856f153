// A QEMU made of a script: a QMP server on a socket's end and a D-Bus server behind it, on the test's own loop.
import GVTCore
import Glibc

@testable import GVTDisplay

/// The D-Bus half: a console that a test fills. Server on both of its connections, as QEMU is.
final class FakeDisplay {
  let loop: EventLoop
  private let bus: BusConnection
  private(set) var listener: BusConnection?
  /// Calls that arrived at the console, with their arguments as far as they are numbers.
  private(set) var calls: [String] = []
  var consoles: [UInt32] = [0]
  var size: (UInt32, UInt32) = (64, 48)
  var isAbsolute = true
  var answersInput = true

  static let console = "/org/qemu/Display1/Console_0"
  static let listenerPath = "/org/qemu/Display1/Listener"

  init(_ socket: consuming OwnedDescriptor, on loop: EventLoop) throws {
    self.loop = loop
    bus = try BusConnection(socket, as: .server, on: loop)
    bus.serve("/org/qemu/Display1/VM") { [weak self] _ in
      .values([.variant(.array(of: "u", self?.consoles.map(BusValue.uint32) ?? []))])
    }
    bus.serve(Self.console) { [weak self] message in self?.handle(message) ?? .unknown }
  }

  func close() {
    listener?.close()
    bus.close()
  }

  /// Sends a call to the listener and says whether it was answered without an error.
  func tell(_ member: String, _ values: [BusValue], interface: String = "org.qemu.Display1.Listener") throws -> Bool {
    var answer: Bool?
    guard let listener else { return false }
    listener.call(Self.listenerPath, interface, member, values) { result in
      switch result {
      case .answer: answer = true
      case .failure: answer = false
      }
    }
    try run(loop) { answer != nil }
    return answer ?? false
  }

  func change(_ interface: String, _ key: String, _ value: BusValue) throws {
    try bus.emit(
      Self.console, "org.freedesktop.DBus.Properties", "PropertiesChanged",
      [
        .string("org.qemu.Display1." + interface),
        .array(of: "{sv}", [.entry(.string(key), .variant(value)), .entry(.string("New"), .variant(.string("?")))]),
        .array(of: "s", []),
      ])
  }

  private func handle(_ message: borrowing BusMessage) -> BusReply {
    let interface = String(message.interface.split(separator: ".").last ?? "")
    switch (interface, message.member) {
    case ("Properties", _): return properties((try? message.string()) ?? "")
    case ("Console", "RegisterListener"):
      guard let socket = try? message.descriptor() else { return .invalid("no socket") }
      listener = try? BusConnection(socket, as: .server, on: loop)
      return .done
    default:
      var arguments: [String] = []
      for type in message.signature {
        switch type {
        case "u": arguments.append("\((try? message.uint32()) ?? 0)")
        case "i": arguments.append("\((try? message.int32()) ?? 0)")
        default: try? message.skip(String(type))
        }
      }
      calls.append(([message.member] + arguments).joined(separator: " "))
      return .done
    }
  }

  private func properties(_ interface: String) -> BusReply {
    let pairs: [(String, BusValue)] =
      switch interface {
      case "org.qemu.Display1.Console": [("Width", .uint32(size.0)), ("Height", .uint32(size.1))]
      case "org.qemu.Display1.Mouse": [("IsAbsolute", .bool(isAbsolute))]
      default: [("Modifiers", .uint32(2))]
      }
    return .values([.array(of: "{sv}", pairs.map { .entry(.string($0.0), .variant($0.1)) })])
  }
}

/// Turns the loop until `condition` holds, for a second at most.
func run(_ loop: EventLoop, until condition: () -> Bool) throws {
  let end = loop.now + 1_000_000_000
  while !condition() && loop.now < end { try loop.turn(waitingAtMost: .milliseconds(5)) }
}

/// A screen with a listener that a fake QEMU talks to.
final class ListenerRig {
  let loop: EventLoop
  let screen = GuestScreen()
  let store = FrameStore(size: PixelSize(width: 16, height: 16))
  let qemu: BusConnection
  private var listener: DisplayListener?
  var faults: [String] = []
  var reasons: [String] = []

  init() throws {
    loop = try EventLoop()
    let pair = try OwnedDescriptor.socketPair()
    qemu = try BusConnection(try pair.far.duplicate(), as: .server, on: loop)
    listener = try DisplayListener(
      try pair.near.duplicate(), screen: screen, on: loop,
      onFault: { [weak self] call, why in
        self?.faults.append(call)
        self?.reasons.append(why)
      }, onClosed: {})
    // Descriptors can be sent only when both ends have agreed to it.
    _ = try tell("Get", [.string(""), .string("Interfaces")], interface: "org.freedesktop.DBus.Properties")
  }

  deinit {
    listener?.close()
    qemu.close()
  }

  /// Whether QEMU got an answer that is no error.
  @discardableResult
  func tell(_ member: String, _ values: [BusValue], interface: String = "org.qemu.Display1.Listener") throws -> Bool {
    var answer: Bool?
    qemu.call(FakeDisplay.listenerPath, interface, member, values) { result in
      switch result {
      case .answer: answer = true
      case .failure: answer = false
      }
    }
    try run(loop) { answer != nil }
    return answer ?? false
  }

  func capture() -> Damage { screen.capture(into: store) }
}
