// What a vGPU was made as, so that a snapshot is not given to another kind of vGPU.

extension VirtualGPUConfiguration {
  /// The choices that a guest notices, but for the monitor, which is the ports' to remember.
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.configuration
    package static let version: UInt16 = 1

    package let type: InstanceType
    package let platform: String
    package let engines: EngineBehaviour

    init(_ configuration: VirtualGPUConfiguration) {
      type = configuration.type
      platform = configuration.platform.name
      engines = configuration.engines
    }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      let name = try reader.text(atMost: 64, "the type's name")
      do throws(UnknownInstanceType) {
        type = try InstanceType(named: name)
      } catch {
        throw reader.invalid(error.description)
      }
      platform = try reader.text(atMost: 16, "the platform's name")
      let behaviour = try reader.text(atMost: 16, "the engines' behaviour")
      guard let engines = EngineBehaviour(rawValue: behaviour) else {
        throw reader.invalid("there is no engine behaviour \"\(behaviour)\"")
      }
      self.engines = engines
    }

    package func write(to writer: inout SnapshotWriter) {
      writer.put(type.name)
      writer.put(platform)
      writer.put(engines.rawValue)
    }

    /// For people: `i915-GVTg_V5_4 (skl)`.
    var description: String { "\(type.name) (\(platform), engines \(engines.rawValue))" }
  }
}
