// What QEMU says on a QMP connection (docs/interop/qmp-spec): one JSON object a line.
import FoundationEssentials

/// One line from QEMU, as far as we want to know it.
enum QMPMessage: Equatable {
  /// The first line of every connection; the version as QEMU prints it.
  case greeting(version: String)
  case success(id: Int, QMPReturn)
  case failure(id: Int, description: String)
  case event(QMPEvent)
  /// Well-formed and of no interest.
  case other

  /// Nil if the line is not what a QMP server says.
  init?(line: some Collection<UInt8>) {
    guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(line)) else { return nil }
    if let greeting = fields.QMP {
      self = .greeting(version: greeting.version.qemu.description)
    } else if let event = fields.event {
      self = .event(
        QMPEvent(
          name: event, isGuestsWish: fields.data?.guest ?? false, reason: fields.data?.reason,
          device: fields.data?.device))
    } else if let error = fields.error {
      self = .failure(id: fields.id ?? -1, description: error.desc)
    } else if let id = fields.id {
      self = .success(id: id, QMPReturn(line: Array(line)))
    } else {
      self = .other
    }
  }

  private struct Fields: Decodable {
    var QMP: Greeting?
    var id: Int?
    var error: Failure?
    var event: String?
    var data: EventData?
  }

  private struct Greeting: Decodable {
    var version: Version
    struct Version: Decodable { var qemu: Numbers }
    struct Numbers: Decodable, CustomStringConvertible {
      var major: Int
      var minor: Int
      var micro: Int
      var description: String { "\(major).\(minor).\(micro)" }
    }
  }

  private struct Failure: Decodable { var desc: String }

  /// The fields of SHUTDOWN, RESET and DEVICE_DELETED; other events have others, of other types.
  private struct EventData: Decodable {
    var guest: Bool?
    var reason: String?
    var device: String?

    private enum Key: CodingKey { case guest, reason, device }

    init(from decoder: any Decoder) throws {
      let fields = try? decoder.container(keyedBy: Key.self)
      guest = try? fields?.decodeIfPresent(Bool.self, forKey: .guest)
      reason = try? fields?.decodeIfPresent(String.self, forKey: .reason)
      device = try? fields?.decodeIfPresent(String.self, forKey: .device)
    }
  }
}

/// What a command returned. It is decoded only by who knows what to expect.
package struct QMPReturn: Equatable {
  private let line: [UInt8]

  init(line: [UInt8]) { self.line = line }

  private struct Fields<Value: Decodable>: Decodable { var `return`: Value }

  /// The value of the field `return`; nil if it is none of that kind.
  package func decode<Value: Decodable>(as type: Value.Type = Value.self) -> Value? {
    try? JSONDecoder().decode(Fields<Value>.self, from: Data(line)).return
  }
}

/// Something that happened to the VM (qapi/run-state.json, qapi/qdev.json).
package struct QMPEvent: Equatable {
  /// Such as `SHUTDOWN`.
  package var name: String
  /// The guest did it, not somebody outside.
  package var isGuestsWish = false
  /// Such as `host-qmp-quit`.
  package var reason: String?
  /// The id of the device that it is about (DEVICE_DELETED).
  package var device: String?
}
