// What QEMU says on a QMP connection (docs/interop/qmp-spec): one JSON object a line.
import FoundationEssentials

/// One line from QEMU, as far as we want to know it.
enum QMPMessage: Equatable {
  /// The first line of every connection; the version as QEMU prints it.
  case greeting(version: String)
  /// `status` is the answer's field of that name, where it has one (query-status).
  case success(id: Int, status: String?)
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
      self = .event(QMPEvent(name: event, isGuestsWish: fields.data?.guest ?? false, reason: fields.data?.reason))
    } else if let error = fields.error {
      self = .failure(id: fields.id ?? -1, description: error.desc)
    } else if let id = fields.id {
      self = .success(id: id, status: fields.return?.status)
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
    var `return`: ReturnData?
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

  /// The one field of any answer that we read.
  private struct ReturnData: Decodable {
    var status: String?

    private enum Key: CodingKey { case status }

    init(from decoder: any Decoder) throws {
      let fields = try? decoder.container(keyedBy: Key.self)
      status = try? fields?.decodeIfPresent(String.self, forKey: .status)
    }
  }

  /// The fields of SHUTDOWN and RESET; other events have others, of other types.
  private struct EventData: Decodable {
    var guest: Bool?
    var reason: String?

    private enum Key: CodingKey { case guest, reason }

    init(from decoder: any Decoder) throws {
      let fields = try? decoder.container(keyedBy: Key.self)
      guest = try? fields?.decodeIfPresent(Bool.self, forKey: .guest)
      reason = try? fields?.decodeIfPresent(String.self, forKey: .reason)
    }
  }
}

/// Something that happened to the VM (qapi/run-state.json).
struct QMPEvent: Equatable {
  /// Such as `SHUTDOWN`.
  var name: String
  /// The guest did it, not somebody outside.
  var isGuestsWish = false
  /// Such as `host-qmp-quit`.
  var reason: String?
}
