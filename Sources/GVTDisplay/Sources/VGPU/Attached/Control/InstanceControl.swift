// A vGPU's control socket, which `gvt-vnc vgpu` talks to.
import GVTCore

/// Takes orders for one vGPU on its display's thread.
final class InstanceControl {
  private let server: LineServer

  /// Listens at `path`, which is the vGPU's own for as long as it holds its claim.
  init(at path: String, of source: VGPUSource, on loop: EventLoop) throws(SystemFailure) {
    server = try LineServer(at: path, on: loop) { [weak source] channel, line in
      guard let source else { return }
      let reply: (InstanceReply) -> Void = { [weak channel] in channel?.send(JSONLine.encode($0)) }
      let file = channel.takeDescriptor()
      guard let request: InstanceRequest = JSONLine.decode(line) else {
        return reply(InstanceReply(failure: "a request is one JSON object a line, such as {\"verb\":\"status\"}"))
      }
      guard let verb = InstanceVerb.all.first(where: { $0.name == request.verb }) else {
        let known = InstanceVerb.all.map(\.name).joined(separator: ", ")
        return reply(InstanceReply(failure: "\"\(request.verb.prefix(60))\" is not a verb; known: \(known)"))
      }
      verb.act(source, InstanceVerb.Order(request: request, file: file, reply: reply))
    }
  }

  func stop() { server.stop() }
}

extension VGPUSource {
  var instanceStatus: InstanceStatus {
    let reason: String? =
      switch status {
      case .running: nil
      case .waiting(let sentence), .failed(let sentence): sentence
      }
    let size = isConnected ? vgpu?.reader.pictureSize : nil
    return InstanceStatus(
      isConnected: isConnected, reason: reason, width: size?.width, height: size?.height,
      preferred: monitor.preferred.description, connector: monitor.connector.rawValue, engines: spec.engines.rawValue,
      trappedAccesses: vgpu?.registerAccesses ?? 0, refusedAccesses: refusedAccesses)
  }

  /// Accesses to memory that the VMM has not mapped, by kind.
  var refusedAccesses: [String: Int] {
    let counts = vgpu?.refusedAccesses ?? [:]
    return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
  }

  package var planes: [PlaneReport] { isConnected ? vgpu?.reader.planes ?? [] : [] }

  package func setAttached(_ isAttached: Bool) -> Bool { false }

  package var details: [SourceDetail] {
    var details = [
      SourceDetail("vGPU", "\(spec.type.name) (\(spec.platformName)), \(isConnected ? "attached" : "no VMM")"),
      SourceDetail("Monitor", "\(monitor.connector.rawValue), prefers \(monitor.preferred)"),
      SourceDetail("Input", inputSentence),
      SourceDetail("Picture", vgpu?.reader.isExporting == true ? "through dmabufs of /dev/udmabuf" : "mapped"),
    ]
    details.append(SourceDetail("Trapped register accesses", "\(vgpu?.registerAccesses ?? 0)"))
    details += refusedAccesses.sorted { $0.key < $1.key }.map { SourceDetail("Refused: \($0.key)", "\($0.value)") }
    return details
  }
}
