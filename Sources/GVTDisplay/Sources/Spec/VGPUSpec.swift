// The SPEC of a vGPU that a VMM attaches: `vgpu:/path/to.sock` and what kind of vGPU it shall be.
package import GVTCore

/// A vGPU to be served over vfio-user, and where its VM's keyboard and pointer are.
package struct VGPUSpec: Equatable, Sendable {
  /// Where the VMM connects.
  package var socketPath: String
  package var type: InstanceType
  /// The platform's name; always one of the type's generation.
  package private(set) var platformName: String
  /// The mode that the monitor prefers; nil for the type's.
  package var size: PixelSize?
  package var connector: Monitor.Connector
  package var engines: EngineBehaviour
  /// The VM's QMP socket, which takes keys and pointer; nil for a display that is only looked at.
  package var qmpPath: String?
  package var guest: GuestSystem?

  static let form = """
    vgpu:/path/to.sock[?type=\(InstanceType.standard(.skylake).name)&platform=NAME&size=WxH&connector=dp&engines=wedged\
    &qmp=/path&guest=windows7-32]
    """

  package init(socketPath: String, type: InstanceType = .standard(.skylake)) {
    self.socketPath = socketPath
    self.type = type
    platformName = Platform.standard(for: type).name
    connector = .displayPort
    engines = .wedged
  }

  init(_ fields: consuming SpecFields) throws(SpecFailure) {
    let limit = LocalSocket.maxPathBytes
    let path = try fields.absolutePath(limit: limit, orElse: "demo or by ")
    let platform = try fields.takePlatform()
    self.init(socketPath: path, type: try fields.takeType() ?? .standard(platform?.generation ?? .skylake))
    if let platform { platformName = platform.name }
    let (low, high) = (Monitor.smallest, Monitor.largest)
    size = try fields.takeSize(width: low.width...high.width, height: low.height...high.height)
    connector = try fields.takeWord("connector") ?? connector
    engines = try fields.takeWord("engines") ?? engines
    qmpPath = try fields.takePath("qmp", limit: limit)
    guest = try fields.takeWord("guest")
    try fields.finish(allowed: ["type", "platform", "size", "connector", "engines", "qmp", "guest"])
    if let platform, platform.generation != type.generation {
      let fitting = InstanceType.all.filter { $0.generation == platform.generation }.map(\.name)
      throw SpecFailure(
        "vgpu: platform \(platform.name) goes with the types \(fitting.joined(separator: ", ")), not with \(type.name)")
    }
    if let guest, !guest.accepts(type) {
      let fitting = InstanceType.all.filter { $0.generation == type.generation && guest.accepts($0) }.map(\.name)
      throw SpecFailure(
        "vgpu: a guest of \(guest.rawValue) needs one of the types \(fitting.joined(separator: ", ")), not \(type.name)"
      )
    }
  }

  package var platform: Platform { Platform(named: platformName) ?? .standard(for: type) }

  /// What the vGPU is made of.
  package var configuration: VirtualGPUConfiguration {
    VirtualGPUConfiguration(
      type: type, platform: platform, monitor: Monitor(connector: connector, preferred: size ?? type.resolution),
      engines: engines)
  }

  /// What the instance is called and accounted as.
  func record(name: String?) -> InstanceRecord {
    let file = socketPath.split(separator: "/").last.map(String.init) ?? socketPath
    return InstanceRecord(
      name: name ?? file, type: type, platform: platform, process: ProcessNumber.own, socket: socketPath,
      started: WallTime.unixSeconds)
  }
}

extension VGPUSpec: CustomStringConvertible {
  /// The SPEC again, with what is default left out.
  package var description: String {
    let plain = VGPUSpec(socketPath: socketPath, type: .standard(platform.generation))
    let platformKey = platformName == VGPUSpec(socketPath: socketPath, type: type).platformName ? nil : platformName
    let keys: [(String, String?)] = [
      // A platform stands for its generation's usual type, unless it is the one that needs no mention itself.
      ("type", type == (platformKey == nil ? .standard(.skylake) : plain.type) ? nil : type.name),
      ("platform", platformKey),
      ("size", size?.description),
      ("connector", connector == plain.connector ? nil : connector.rawValue),
      ("engines", engines == plain.engines ? nil : engines.rawValue),
      ("qmp", qmpPath.map(encoded)),
      ("guest", guest?.rawValue),
    ]
    let given = keys.compactMap { key, value in value.map { "\(key)=\($0)" } }
    return "vgpu:" + encoded(socketPath) + (given.isEmpty ? "" : "?" + given.joined(separator: "&"))
  }
}

extension InstanceType {
  /// The type of a generation that nobody chose: a quarter of a GPU.
  package static func standard(_ generation: Generation) -> InstanceType {
    guard let type = all.first(where: { $0.generation == generation && $0.divisor == 4 }) else {
      preconditionFailure("every generation has a type of which four make a GPU")
    }
    return type
  }
}

extension SpecFields {
  mutating func takeType() throws(SpecFailure) -> InstanceType? {
    guard let name = take("type") else { return nil }
    if let type = InstanceType.all.first(where: { $0.name == name }) { return type }
    throw wrong("type", name, allowed: InstanceType.all.map(\.name))
  }

  mutating func takePlatform() throws(SpecFailure) -> Platform? {
    guard let name = take("platform") else { return nil }
    if let platform = Platform(named: name) { return platform }
    throw wrong("platform", name, allowed: Platform.all.map(\.name))
  }
}
