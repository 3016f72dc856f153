// A D-Bus message: reading one that arrived, filling one that leaves. With BusConnection the only place that calls sd-bus.
import CSystemd
import GVTCore
import Glibc

/// A message of somebody else's making. Its numbers are what the peer says: types are checked here, meaning elsewhere.
@safe struct BusMessage: ~Copyable {
  private let message: OpaquePointer

  init(_ message: OpaquePointer) { unsafe self.message = sd_bus_message_ref(message) }

  deinit { unsafe sd_bus_message_unref(message) }

  var interface: String { unsafe Self.text(sd_bus_message_get_interface(message)) }
  var member: String { unsafe Self.text(sd_bus_message_get_member(message)) }
  var path: String { unsafe Self.text(sd_bus_message_get_path(message)) }
  /// The types of all arguments.
  var signature: String { unsafe Self.text(sd_bus_message_get_signature(message, 1)) }
  var isSignal: Bool { unsafe sd_bus_message_is_signal(message, nil, nil) > 0 }

  /// The error that this message is, if it is one.
  func failure(doing: String) -> BusFailure? {
    guard let error = unsafe sd_bus_message_get_error(message) else { return nil }
    return unsafe BusFailure(
      doing: doing, reason: Self.text(error.pointee.message), name: Self.text(error.pointee.name))
  }

  func bool() throws(BusFailure) -> Bool {
    var value: Int32 = 0
    unsafe try read("b", &value)
    return value != 0
  }

  func int32() throws(BusFailure) -> Int32 {
    var value: Int32 = 0
    unsafe try read("i", &value)
    return value
  }

  func uint32() throws(BusFailure) -> UInt32 {
    var value: UInt32 = 0
    unsafe try read("u", &value)
    return value
  }

  func uint64() throws(BusFailure) -> UInt64 {
    var value: UInt64 = 0
    unsafe try read("t", &value)
    return value
  }

  func string() throws(BusFailure) -> String {
    var value: UnsafePointer<CChar>?
    unsafe try read("s", &value)
    return unsafe Self.text(value)
  }

  /// A descriptor of our own for the message's.
  func descriptor() throws(BusFailure) -> OwnedDescriptor {
    var raw: Int32 = -1
    unsafe try read("h", &raw)
    do {
      return try .duplicating(raw)
    } catch {
      throw BusFailure(doing: "taking a descriptor from \(member)", reason: error.description)
    }
  }

  /// Lends an array of bytes, without a copy.
  func bytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws(BusFailure) -> Result {
    var start: UnsafeRawPointer?
    var count = 0
    try succeed(unsafe sd_bus_message_read_array(message, CChar(UInt8(ascii: "y")), &start, &count))
    return unsafe body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// An array whose elements `element` reads, at most `limit` of them; the rest is skipped.
  func array<Element: ~Copyable>(
    of type: String, limit: Int, _ element: (borrowing BusMessage) throws(BusFailure) -> Element,
    _ take: (consuming Element) -> Void
  ) throws(BusFailure) {
    try enter("a", type)
    var count = 0
    while try !isAtEnd() {
      if count < limit { take(try element(self)) } else { try skip(type) }
      count += 1
    }
    try leave()
  }

  /// The entries of an `a{sv}`. `value` reads the variant of the key it gets and says true, or reads nothing and says false.
  func dictionary(
    _ value: (String, String, borrowing BusMessage) throws(BusFailure) -> Bool
  ) throws(BusFailure) {
    try enter("a", "{sv}")
    while try !isAtEnd() {
      try enter("e", "sv")
      let key = try string()
      let type = try variantType()
      try enter("v", type)
      if try !value(key, type, self) { try skip(type) }
      try leave()
      try leave()
    }
    try leave()
  }

  /// A variant of that type, which `body` reads.
  func variant(of type: String, _ body: (borrowing BusMessage) throws(BusFailure) -> Void) throws(BusFailure) {
    try enter("v", type)
    try body(self)
    try leave()
  }

  private func variantType() throws(BusFailure) -> String {
    var contents: UnsafePointer<CChar>?
    var kind: CChar = 0
    try succeed(unsafe sd_bus_message_peek_type(message, &kind, &contents))
    return unsafe Self.text(contents)
  }

  private func enter(_ kind: Character, _ contents: String) throws(BusFailure) {
    try succeed(unsafe sd_bus_message_enter_container(message, kind.code, contents))
  }

  private func leave() throws(BusFailure) { try succeed(unsafe sd_bus_message_exit_container(message)) }

  private func isAtEnd() throws(BusFailure) -> Bool {
    let code = unsafe sd_bus_message_at_end(message, 0)
    try succeed(code)
    return code > 0
  }

  /// Passes over arguments of these types.
  func skip(_ types: String) throws(BusFailure) { try succeed(unsafe sd_bus_message_skip(message, types)) }

  private func read(_ type: Character, _ value: UnsafeMutableRawPointer) throws(BusFailure) {
    // 0: the message has no more arguments.
    let code = unsafe sd_bus_message_read_basic(message, type.code, value)
    try succeed(code == 0 ? -EBADMSG : code)
  }

  private func succeed(_ code: Int32) throws(BusFailure) {
    if code < 0 { throw BusFailure(doing: "reading \(member)", reason: SystemFailure("sd-bus", -code).reason) }
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer = unsafe pointer else { return "" }
    return unsafe String(cString: pointer)
  }
}

/// A message of ours on its way out.
@safe struct BusDraft: ~Copyable {
  let message: OpaquePointer

  /// Takes over a reference.
  init(owning message: OpaquePointer) { unsafe self.message = message }

  deinit { unsafe sd_bus_message_unref(message) }

  func append(_ values: [BusValue]) throws(BusFailure) {
    for value in values { try append(value) }
  }

  private func append(_ value: BusValue) throws(BusFailure) {
    switch value {
    case .bool(let value): try basic("b", value ? Int32(1) : Int32(0))
    case .uint16(let value): try basic("q", value)
    case .int32(let value): try basic("i", value)
    case .uint32(let value): try basic("u", value)
    case .uint64(let value): try basic("t", value)
    case .string(let value): try succeed(unsafe sd_bus_message_append_basic(message, Character("s").code, value))
    case .descriptor(let value): try basic("h", value)
    case .bytes(let value):
      try succeed(unsafe sd_bus_message_append_array(message, Character("y").code, value, value.count))
    case .variant(let inner): try contain("v", inner.signature, [inner])
    case .array(let element, let values): try contain("a", element, values)
    case .entry(let key, let inner): try contain("e", key.signature + inner.signature, [key, inner])
    }
  }

  private func contain(_ kind: Character, _ contents: String, _ values: [BusValue]) throws(BusFailure) {
    try succeed(unsafe sd_bus_message_open_container(message, kind.code, contents))
    try append(values)
    try succeed(unsafe sd_bus_message_close_container(message))
  }

  private func basic(_ type: Character, _ value: some BitwiseCopyable) throws(BusFailure) {
    var value = value
    try succeed(unsafe sd_bus_message_append_basic(message, type.code, &value))
  }

  private func succeed(_ code: Int32) throws(BusFailure) {
    if code < 0 { throw BusFailure(doing: "writing a message", reason: SystemFailure("sd-bus", -code).reason) }
  }
}

extension Character {
  /// As sd-bus wants a type.
  fileprivate var code: CChar { CChar(truncatingIfNeeded: asciiValue ?? 0) }
}
