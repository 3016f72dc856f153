// One of a VM's consoles as QEMU's display offers it (org.qemu.Display1.Console, Keyboard and Mouse).
import GVTCore

/// Follows a console's properties and calls its methods, without ever waiting for an answer.
final class ConsoleProxy: GuestInput {
  private static let root = "/org/qemu/Display1"
  private static let prefix = "org.qemu.Display1."
  private static let properties = "org.freedesktop.DBus.Properties"

  private let bus: BusConnection
  private let path: String
  private let number: Int
  private var width = 0
  private var height = 0
  private var isRefreshing = false
  /// The console's size in pixels, as the guest's mode has it.
  var size: PixelSize { PixelSize(width: width, height: height) }
  /// Whether the guest's active pointing device takes positions, not movements.
  private(set) var isAbsolute = false
  private(set) var lights: KeyboardLights = []
  var onSize: (PixelSize) -> Void = { _ in }
  var onLights: (KeyboardLights) -> Void = { _ in }
  var onPointerMode: () -> Void = {}

  init(_ bus: BusConnection, number: Int) {
    self.bus = bus
    self.number = number
    path = "\(Self.root)/Console_\(number)"
    bus.onSignal = { [weak self] message in self?.propertiesChanged(message) }
  }

  /// Learns what there is; `completion` gets nil, or why the console cannot be used.
  func open(_ completion: @escaping (String?) -> Void) {
    let number = number
    let arguments: [BusValue] = [.string(Self.prefix + "VM"), .string("ConsoleIDs")]
    bus.call("\(Self.root)/VM", Self.properties, "Get", arguments) { [weak self] result in
      switch result {
      case .failure(let failure): completion("QEMU's display does not answer (\(failure.reason)).")
      case .answer(let message):
        let consoles = (try? Self.consoles(message)) ?? []
        guard consoles.contains(number) else {
          let list = consoles.map(String.init).joined(separator: ", ")
          return completion("There is no console \(number) in this VM; it has \(list.isEmpty ? "none" : list).")
        }
        self?.readProperties(completion)
      }
    }
  }

  /// Asks how large the console is now; the answer goes to `onSize`.
  func refreshSize() {
    guard !isRefreshing else { return }
    isRefreshing = true
    bus.call(path, Self.properties, "GetAll", [.string(Self.prefix + "Console")]) { [weak self] result in
      guard let self else { return }
      isRefreshing = false
      switch result {
      case .answer(let message):
        try? take(message, of: "Console")
        onSize(size)
      case .failure: break
      }
    }
  }

  /// Asks QEMU to tell the listener at the other end of `socket`; `completion` gets why not.
  func register(_ socket: borrowing OwnedDescriptor, _ completion: @escaping (String?) -> Void) {
    call("Console", "RegisterListener", [.descriptor(socket.raw)], completion)
  }

  /// Tells the guest how large the viewer's window is (96 pixels to the inch); a driver that cares follows.
  func setSize(_ size: PixelSize, _ completion: @escaping (String?) -> Void) {
    func millimetres(_ pixels: Int) -> BusValue { .uint16(UInt16(clamping: pixels * 254 / 960)) }
    call(
      "Console", "SetUIInfo",
      [
        millimetres(size.width), millimetres(size.height), .int32(0), .int32(0), .uint32(UInt32(clamping: size.width)),
        .uint32(UInt32(clamping: size.height)),
      ], completion)
  }

  /// Presses or releases a key by its XT scan code (0xe0 NN as 0x80 | NN).
  func key(_ code: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void) {
    call("Keyboard", isDown ? "Press" : "Release", [.uint32(code)], completion)
  }

  /// Presses or releases a button by QEMU's number (`InputButton` in qapi/ui.json).
  func button(_ number: UInt32, isDown: Bool, _ completion: @escaping (String?) -> Void) {
    call("Mouse", isDown ? "Press" : "Release", [.uint32(number)], completion)
  }

  func movePointer(to position: PixelPoint, _ completion: @escaping (String?) -> Void) {
    let arguments = [position.x, position.y].map { BusValue.uint32(UInt32(clamping: $0)) }
    call("Mouse", "SetAbsPosition", arguments, completion)
  }

  func movePointer(byX dx: Int, y dy: Int, _ completion: @escaping (String?) -> Void) {
    call("Mouse", "RelMotion", [.int32(Int32(clamping: dx)), .int32(Int32(clamping: dy))], completion)
  }

  private func call(
    _ interface: String, _ member: String, _ arguments: [BusValue], _ completion: @escaping (String?) -> Void
  ) {
    bus.call(path, Self.prefix + interface, member, arguments) { result in
      switch result {
      case .answer: completion(nil)
      case .failure(let failure): completion(failure.reason)
      }
    }
  }

  /// The console's own properties have to be there; a VM may lack keyboard or mouse.
  private func readProperties(_ completion: @escaping (String?) -> Void) {
    for interface in ["Keyboard", "Mouse", "Console"] {
      bus.call(path, Self.properties, "GetAll", [.string(Self.prefix + interface)]) { [weak self] result in
        switch result {
        case .answer(let message):
          try? self?.take(message, of: interface)
          if interface == "Console" { completion(nil) }
        case .failure(let failure):
          if interface == "Console" { completion("QEMU's console \(failure.description).") }
        }
      }
    }
  }

  private static func consoles(_ message: borrowing BusMessage) throws(BusFailure) -> [Int] {
    var consoles: [Int] = []
    try message.variant(of: "au") { message throws(BusFailure) in
      try message.array(of: "u", limit: 64) { message throws(BusFailure) in
        try message.uint32()
      } _: {
        consoles.append(Int($0))
      }
    }
    return consoles
  }

  private func propertiesChanged(_ message: borrowing BusMessage) {
    guard message.member == "PropertiesChanged", message.path == path, message.signature == "sa{sv}as",
      let interface = try? message.string(), interface.hasPrefix(Self.prefix)
    else { return }
    try? take(message, of: String(interface.dropFirst(Self.prefix.count)))
  }

  private func take(_ message: borrowing BusMessage, of interface: String) throws(BusFailure) {
    let (oldSize, oldLights, oldMode) = (size, lights, isAbsolute)
    try message.dictionary { [self] key, type, message throws(BusFailure) in
      switch (interface, key, type) {
      case ("Console", "Width", "u"): width = Int(try message.uint32())
      case ("Console", "Height", "u"): height = Int(try message.uint32())
      case ("Keyboard", "Modifiers", "u"):
        lights = KeyboardLights(rawValue: UInt8(truncatingIfNeeded: try message.uint32() & 7))
      case ("Mouse", "IsAbsolute", "b"): isAbsolute = try message.bool()
      default: return false
      }
      return true
    }
    if size != oldSize { onSize(size) }
    if lights != oldLights { onLights(lights) }
    if isAbsolute != oldMode { onPointerMode() }
  }
}
