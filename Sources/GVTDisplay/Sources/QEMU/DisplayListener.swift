// The object that QEMU tells of every change of a console (org.qemu.Display1.Listener in ui/dbus-display1.xml).
import GVTCore

/// Decodes QEMU's calls for a ``GuestScreen``. Every call is answered at once: QEMU holds the guest's GL until
/// UpdateDMABUF returns.
final class DisplayListener {
  private static let path = "/org/qemu/Display1/Listener"
  private static let interface = "org.qemu.Display1.Listener"
  private static let propertiesInterface = "org.freedesktop.DBus.Properties"
  /// What we understand beyond the plain interface. QEMU uses only what is listed.
  static let extraInterfaces = ["\(interface).Unix.Map", "\(interface).Unix.ScanoutDMABUF2"]

  /// The calls and the types of their arguments.
  private static let signatures: [String: String] = [
    "Scanout": "uuuuay", "Update": "iiiiuuay", "ScanoutDMABUF": "huuuutb", "UpdateDMABUF": "iiii", "Disable": "",
    "MouseSet": "iii", "CursorDefine": "iiiiay", "ScanoutMap": "huuuuu", "UpdateMap": "iiii",
    "ScanoutDMABUF2": "ahuuuuauauuuuutb", "Get": "ss", "GetAll": "s",
  ]

  private let bus: BusConnection
  private let screen: GuestScreen
  private let onFault: (String, String) -> Void

  /// Serves QEMU at the other end of `socket`. `onFault` gets the name of a call that made no sense, and why.
  init(
    _ socket: consuming OwnedDescriptor, screen: GuestScreen, on loop: EventLoop,
    onFault: @escaping (_ call: String, _ why: String) -> Void, onClosed: @escaping () -> Void
  ) throws(BusFailure) {
    bus = try BusConnection(socket, on: loop)
    self.screen = screen
    self.onFault = onFault
    bus.onClosed = { _ in onClosed() }
    bus.serve(Self.path) { [weak self] message in self?.handle(message) ?? .unknown }
  }

  func close() { bus.close() }

  private func handle(_ message: borrowing BusMessage) -> BusReply {
    let member = message.member
    guard let signature = Self.signatures[member],
      message.interface.hasPrefix(Self.interface) || message.interface == Self.propertiesInterface
    else { return .unknown }
    guard message.signature == signature else {
      onFault(member, "its arguments have the types \"\(message.signature)\", not \"\(signature)\"")
      return .invalid("\(member) takes \(signature)")
    }
    do {
      if message.interface == Self.propertiesInterface { return try properties(message) }
      do throws(ScanoutFault) {
        try apply(message)
      } catch {
        onFault(member, error.sentence)
        // A bad update leaves the picture as it was; a bad picture is none.
        if member.hasPrefix("Scanout") { screen.fail(error) }
      }
      return .done
    } catch {
      onFault(member, error.reason)
      return .invalid(error.reason)
    }
  }

  private func properties(_ message: borrowing BusMessage) throws(BusFailure) -> BusReply {
    let interface = try message.string()
    let list = BusValue.variant(.array(of: "s", Self.extraInterfaces.map(BusValue.string)))
    if message.member == "GetAll" {
      let entries = interface == Self.interface ? [BusValue.entry(.string("Interfaces"), list)] : []
      return .values([.array(of: "{sv}", entries)])
    }
    guard try message.string() == "Interfaces" else { return .invalid("there is only Interfaces") }
    return .values([list])
  }
}

// The calls, one by one.
extension DisplayListener {
  private func apply(_ message: borrowing BusMessage) throws(ScanoutFault) {
    do {
      switch message.member {
      case "Scanout": try scanout(message)
      case "Update": try update(message)
      case "ScanoutMap": try scanoutMap(message)
      case "UpdateMap", "UpdateDMABUF": screen.updateShared(try rect(message))
      case "ScanoutDMABUF": try scanoutDMABuf(message)
      case "ScanoutDMABUF2": try scanoutDMABuf2(message)
      case "Disable": screen.disable()
      case "CursorDefine": try defineCursor(message)
      default: try moveCursor(message)
      }
    } catch let fault as ScanoutFault {
      throw fault
    } catch {
      throw .impossible("\(error)")
    }
  }

  private func shape(_ message: borrowing BusMessage) throws -> ScanoutShape {
    try ScanoutShape(
      width: message.uint32(), height: message.uint32(), stride: message.uint32(), pixmanFormat: message.uint32())
  }

  private func point(_ message: borrowing BusMessage) throws -> PixelPoint {
    PixelPoint(x: Int(try message.int32()), y: Int(try message.int32()))
  }

  private func rect(_ message: borrowing BusMessage) throws -> PixelRect {
    let origin = try point(message)
    return PixelRect(x: origin.x, y: origin.y, width: Int(try message.int32()), height: Int(try message.int32()))
  }

  private func scanout(_ message: borrowing BusMessage) throws {
    let shape = try shape(message)
    unsafe try lend(message) { bytes throws(ScanoutFault) in unsafe try screen.scanout(shape, bytes) }
  }

  private func update(_ message: borrowing BusMessage) throws {
    let rect = try rect(message)
    // A negative size is as impossible as the huge one that it becomes.
    let shape = try ScanoutShape(
      width: UInt32(truncatingIfNeeded: rect.width), height: UInt32(truncatingIfNeeded: rect.height),
      stride: message.uint32(), pixmanFormat: message.uint32())
    unsafe try lend(message) { bytes throws(ScanoutFault) in
      unsafe try screen.update(at: PixelPoint(x: rect.x, y: rect.y), shape, bytes)
    }
  }

  private func scanoutMap(_ message: borrowing BusMessage) throws {
    let file = try message.descriptor()
    let offset = Int(try message.uint32())
    try screen.scanoutMap(try shape(message), offset: offset, file)
  }

  private func scanoutDMABuf(_ message: borrowing BusMessage) throws {
    let buffer = try message.descriptor()
    let shape = DMABufShape(
      size: PixelSize(width: Int(try message.uint32()), height: Int(try message.uint32())),
      strideBytes: Int(try message.uint32()), format: FourCC(rawValue: try message.uint32()),
      modifier: try message.uint64(), isBottomUp: try message.bool())
    try screen.scanoutDMABuf(shape, buffer)
  }

  /// One buffer and one plane, in a larger surface; more planes are what compression brings.
  private func scanoutDMABuf2(_ message: borrowing BusMessage) throws {
    var buffers: [SharedDescriptor] = []
    try message.array(of: "h", limit: 4) { message throws(BusFailure) in
      SharedDescriptor(try message.descriptor())
    } _: {
      buffers.append($0)
    }
    let origin = PixelPoint(x: Int(try message.uint32()), y: Int(try message.uint32()))
    let size = PixelSize(width: Int(try message.uint32()), height: Int(try message.uint32()))
    let offsets = try numbers(message)
    let strides = try numbers(message)
    let planes = Int(try message.uint32())
    let format = FourCC(rawValue: try message.uint32())
    _ = (try message.uint32(), try message.uint32())
    let shape = DMABufShape(
      size: size, origin: origin, strideBytes: Int(strides.first ?? 0), offsetBytes: Int(offsets.first ?? 0),
      planeCount: planes, format: format, modifier: try message.uint64(), isBottomUp: try message.bool())
    guard let buffer = buffers.first else { throw ScanoutFault.impossible("QEMU shows a dmabuf and sends none.") }
    try screen.scanoutDMABuf(shape, try buffer.owned.duplicate())
  }

  private func numbers(_ message: borrowing BusMessage) throws -> [UInt32] {
    var numbers: [UInt32] = []
    try message.array(of: "u", limit: 4) { message throws(BusFailure) in
      try message.uint32()
    } _: {
      numbers.append($0)
    }
    return numbers
  }

  private func defineCursor(_ message: borrowing BusMessage) throws {
    let size = try point(message)
    let hotSpot = try point(message)
    unsafe try lend(message) { bytes throws(ScanoutFault) in
      unsafe try screen.defineCursor(PixelSize(width: size.x, height: size.y), hotSpot: hotSpot, bytes)
    }
  }

  private func moveCursor(_ message: borrowing BusMessage) throws {
    screen.moveCursor(to: try point(message), isOn: try message.int32() != 0)
  }

  /// Lends the bytes that come next, and passes on what `body` throws.
  private func lend(
    _ message: borrowing BusMessage, _ body: (UnsafeRawBufferPointer) throws(ScanoutFault) -> Void
  ) throws {
    let outcome = unsafe try message.bytes { bytes -> ScanoutFault? in
      do throws(ScanoutFault) {
        unsafe try body(bytes)
        return nil
      } catch {
        return error
      }
    }
    if let outcome { throw outcome }
  }
}
