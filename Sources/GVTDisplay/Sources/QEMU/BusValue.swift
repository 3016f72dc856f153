// Values as D-Bus spells them (D-Bus Specification, Type System), as far as QEMU's display uses them.

/// A value to send. Its type is its signature.
indirect enum BusValue: Equatable, Sendable {
  case bool(Bool)
  case uint16(UInt16)
  case int32(Int32)
  case uint32(UInt32)
  case uint64(UInt64)
  case string(String)
  /// A descriptor; the message keeps a duplicate.
  case descriptor(Int32)
  case bytes([UInt8])
  case variant(BusValue)
  /// All elements have the type that the signature names.
  case array(of: String, [BusValue])
  case entry(BusValue, BusValue)

  var hasDescriptor: Bool {
    switch self {
    case .descriptor: true
    case .variant(let inner): inner.hasDescriptor
    case .array(_, let values): values.contains(where: \.hasDescriptor)
    case .entry(let key, let value): key.hasDescriptor || value.hasDescriptor
    default: false
    }
  }

  var signature: String {
    switch self {
    case .bool: "b"
    case .uint16: "q"
    case .int32: "i"
    case .uint32: "u"
    case .uint64: "t"
    case .string: "s"
    case .descriptor: "h"
    case .bytes: "ay"
    case .variant: "v"
    case .array(let element, _): "a" + element
    case .entry(let key, let value): "{" + key.signature + value.signature + "}"
    }
  }
}

/// Why something on a bus did not work.
struct BusFailure: Error, Equatable, CustomStringConvertible {
  /// What was tried, such as `RegisterListener`.
  var doing: String
  /// The peer's words, or the system's.
  var reason: String
  /// The peer's error name, such as `org.freedesktop.DBus.Error.UnknownMethod`; nil if the failure is ours.
  var name: String?

  var description: String { "\(doing): \(reason)" }
}

/// What a call is answered with.
enum BusReply: Equatable, Sendable {
  case values([BusValue])
  case error(name: String, String)
  /// Not for us: the bus says that there is no such method.
  case unknown

  static let done = BusReply.values([])
  static func invalid(_ sentence: String) -> BusReply {
    .error(name: "org.freedesktop.DBus.Error.InvalidArgs", sentence)
  }
}
