// A QEMU whose display calls and signals anything, over a real bus connection.
import CLinux
import Fuzzing
import GVTCore
import Glibc

@testable import GVTDisplay

/// Talks to one `DisplayListener` and one `ConsoleProxy`, whose connections outlast many inputs.
final class FakeDisplay {
  private struct Peers {
    let listener: DisplayListener
    let caller: BusConnection
    let console: ConsoleProxy
    let signaller: BusConnection
  }

  private static let listener = "org.qemu.Display1.Listener"
  private static let properties = "org.freedesktop.DBus.Properties"
  /// The types of the arguments of every call, as the XML file has them.
  private static let calls: [(String, String)] = [
    ("Scanout", "uuuuay"), ("Update", "iiiiuuay"), ("ScanoutDMABUF", "huuuutb"), ("UpdateDMABUF", "iiii"),
    ("Disable", ""), ("MouseSet", "iii"), ("CursorDefine", "iiiiay"), ("ScanoutMap", "huuuuu"), ("UpdateMap", "iiii"),
    ("ScanoutDMABUF2", "ahuuuuauauuuuutb"), ("Get", "ss"), ("GetAll", "s"), ("Nonsense", "u"),
  ]
  private static let words = [listener, properties, "Interfaces", "org.qemu.Display1.Console", ""]
  private static let known: [(String, String)] = [
    ("Console", "Width"), ("Console", "Height"), ("Keyboard", "Modifiers"), ("Mouse", "IsAbsolute"), ("", "Label"),
  ]
  /// Pixman and DRM formats, modifiers: numbers that bytes alone would not hit upon.
  private static let codes: [UInt64] = [
    0x2002_0888, 0x2003_8888, 0x1002_0565, 0x2002_2aaa, 0x3432_5258, 0x3432_5241, 0x3631_4752, 0x3033_5258,
    0x0100_0000_0000_0001, 0x0100_0000_0000_0002, 0x00ff_ffff_ffff_ffff,
  ]

  private let loop: EventLoop
  private let screen = GuestScreen()
  private let memory: OwnedDescriptor
  private var peers: Peers?
  private var isBroken = false

  init() {
    do {
      loop = try EventLoop()
      memory = OwnedDescriptor(owning: try check("memfd_create") { gvt_memfd_create("guest's screen") })
    } catch {
      fatalError("there is nothing to fuzz with: \(error)")
    }
  }

  /// Does what `input` says.
  func exercise(_ input: inout Input) {
    screen.reset()
    ftruncate(memory.raw, 65536)
    let store = FrameStore(size: PixelSize(width: 64, height: 64))
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0: _ = screen.capture(into: store)
      case 1: signal(&input)
      case 2: ftruncate(memory.raw, off_t(input.byte()) << 10)
      default: call(&input)
      }
    }
    _ = screen.capture(into: store)
  }

  private func call(_ input: inout Input) {
    let (member, types) = input.pick(Self.calls)
    let interface = member.hasPrefix("Get") ? Self.properties : Self.listener
    var arguments = values(types, &input)
    if input.byte() == 0xff { arguments.shuffle(&input) }
    var isAnswered = false
    current().caller.call("/org/qemu/Display1/Listener", interface, member, arguments) { _ in isAnswered = true }
    turn { isAnswered }
    precondition(isAnswered, "\(member) is answered at once")
  }

  private func signal(_ input: inout Input) {
    let (interface, _) = input.pick(Self.known)
    let entries = (0..<input.byte() & 3).map { _ in
      BusValue.entry(.string(input.pick(Self.known).1), .variant(value(input.pick(Array("uubst")), &input)))
    }
    try? current().signaller.emit(
      "/org/qemu/Display1/Console_0", Self.properties, "PropertiesChanged",
      [.string("org.qemu.Display1." + interface), .array(of: "{sv}", entries), .array(of: "s", [])])
    turn { false }
  }

  private func turn(until isDone: () -> Bool) {
    do {
      for _ in 0..<20 where !isDone() { try loop.turn(waitingAtMost: 0) }
    } catch {
      fatalError("the event loop failed: \(error)")
    }
  }

  private func current() -> Peers {
    if let peers, !isBroken { return peers }
    isBroken = false
    do {
      let calls = try OwnedDescriptor.socketPair().release()
      let signals = try OwnedDescriptor.socketPair().release()
      let caller = try BusConnection(OwnedDescriptor(owning: calls.far), as: .server, on: loop)
      let signaller = try BusConnection(OwnedDescriptor(owning: signals.far), as: .server, on: loop)
      let console = ConsoleProxy(try BusConnection(OwnedDescriptor(owning: signals.near), on: loop), number: 0)
      console.onSize = { [screen] in screen.consoleResized(to: $0) }
      let listener = try DisplayListener(
        OwnedDescriptor(owning: calls.near), screen: screen, on: loop, onFault: { _, _ in }, onClosed: {})
      caller.onClosed = { [unowned self] _ in isBroken = true }
      let made = Peers(listener: listener, caller: caller, console: console, signaller: signaller)
      peers = made
      turn { false }
      return made
    } catch {
      fatalError("there is no bus to fuzz with: \(error)")
    }
  }
}

// Arguments.
extension FakeDisplay {
  private func values(_ types: String, _ input: inout Input) -> [BusValue] {
    var values: [BusValue] = []
    var isArray = false
    for type in types {
      if type == "a" {
        isArray = true
      } else if isArray {
        isArray = false
        values.append(array(type, &input))
      } else {
        values.append(value(type, &input))
      }
    }
    return values
  }

  private func array(_ type: Character, _ input: inout Input) -> BusValue {
    if type == "y" { return .bytes([UInt8](repeating: input.byte(), count: Int(input.number() & 0x1_ffff))) }
    return .array(of: String(type), (0..<input.byte() % 6).map { _ in value(type, &input) })
  }

  private func value(_ type: Character, _ input: inout Input) -> BusValue {
    switch type {
    case "h": .descriptor(memory.raw)
    case "s": .string(input.pick(Self.words))
    case "b": .bool(input.byte() & 1 == 1)
    case "i": .int32(Int32(truncatingIfNeeded: number(&input)))
    case "t": .uint64(number(&input))
    default: .uint32(UInt32(truncatingIfNeeded: number(&input)))
    }
  }

  private func number(_ input: inout Input) -> UInt64 {
    input.byte() & 3 == 0 ? input.pick(Self.codes) : input.number()
  }
}

extension Array {
  fileprivate mutating func shuffle(_ input: inout Input) {
    guard count > 1 else { return }
    swapAt(Int(input.byte()) % count, Int(input.byte()) % count)
  }
}
