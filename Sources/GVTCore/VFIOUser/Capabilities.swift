// What client and server tell each other in VFIO_USER_VERSION.
import Glibc

/// The JSON of a version message, as far as it matters here.
package struct Capabilities: Codable, Equatable, Sendable {
  /// Bytes that one read or write moves at most.
  package static let mostTransferBytes = 1 << 20
  package static let mostMappings = 65_535

  private struct Envelope: Codable {
    var capabilities: Capabilities?
  }

  package var max_msg_fds: Int?
  package var max_data_xfer_size: Int?
  package var max_dma_maps: Int?
  package var pgsizes: Int?
  package var write_multiple: Bool?

  package init() {}

  /// What a client proposes; text that is absent proposes nothing.
  package init(_ body: Body) throws(Refusal) {
    self.init()
    guard body.count > 4 else { return }
    let text = body.bytes[body.place(4)..<body.place(body.count)]
    guard text.last == 0, text.count <= 65_536 else {
      throw Refusal(EINVAL, "a version message whose text does not end")
    }
    guard let envelope = JSONLine.decode(String(decoding: text.dropLast(), as: UTF8.self), as: Envelope.self) else {
      throw Refusal(EINVAL, "a version message whose text is not understood")
    }
    self = envelope.capabilities ?? Capabilities()
  }

  /// What the server answers: the limits that it has, and of what is optional only what was proposed.
  package var answer: Capabilities {
    var answer = Capabilities()
    answer.max_msg_fds = DescriptorSocket.mostDescriptors
    answer.max_data_xfer_size = Self.mostTransferBytes
    answer.max_dma_maps = Self.mostMappings
    answer.pgsizes = PageLocation.pageBytes
    if write_multiple == true { answer.write_multiple = true }
    return answer
  }

  /// As it stands in a message, with its end.
  package var text: [UInt8] { Array(JSONLine.encode(Envelope(capabilities: self)).utf8) + [0] }
}
