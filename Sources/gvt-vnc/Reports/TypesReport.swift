// What types of vGPU there are, and how many of each are free.
import GVTCore

/// What `vgpu types` prints.
struct TypesReport: Codable, Equatable, Sendable {
  struct Entry: Codable, Equatable, Sendable {
    var name: String
    /// The platforms that it can be, the usual one first.
    var platforms: [String]
    var mappableMegabytes: Int
    var hiddenMegabytes: Int
    var fences: Int
    var weight: Int
    var resolution: String
    /// How many more there can be now.
    var available: Int
  }

  var types: [Entry]

  static func gather(_ places: Places) throws(CommandFailure) -> TypesReport {
    TypesReport(running: try InstanceClient.instances(in: places))
  }

  init(running: [InstanceRecord]) {
    let budget = InstanceBudget(holding: running.compactMap { try? InstanceType(named: $0.type) })
    types = InstanceType.all.map { type in
      let usual = Platform.standard(for: type).name
      let others = Platform.all.filter { $0.generation == type.generation && $0.name != usual }.map(\.name)
      return Entry(
        name: type.name, platforms: [usual] + others, mappableMegabytes: type.lowMegabytes,
        hiddenMegabytes: type.highMegabytes, fences: type.fences, weight: type.weight,
        resolution: type.resolution.description, available: budget.count(of: type))
    }
  }

  var table: String {
    let head = ["TYPE", "PLATFORMS", "MAPPABLE", "HIDDEN", "FENCES", "WEIGHT", "RESOLUTION", "FREE"]
    let rows = types.map { type in
      [
        type.name, type.platforms.joined(separator: ","), "\(type.mappableMegabytes) MiB",
        "\(type.hiddenMegabytes) MiB",
        "\(type.fences)", "\(type.weight)", type.resolution, "\(type.available)",
      ]
    }
    return Table.text([head] + rows)
  }
}
