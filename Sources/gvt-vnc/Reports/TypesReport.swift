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

  /// Emulated ones.
  var types: [Entry]
  /// Those that the host's GPUs make.
  var hardware: [MdevTypeEntry]

  static func gather(_ places: Places, _ root: HostRoot = .this) throws(CommandFailure) -> TypesReport {
    TypesReport(running: try InstanceClient.instances(in: places), parents: MdevParent.all(in: root))
  }

  init(running: [InstanceRecord], parents: [MdevParent] = []) {
    hardware = MdevTypeEntry.merged(parents)
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
    let head = ["TYPE", "KIND", "GPU", "MAPPABLE", "HIDDEN", "FENCES", "WEIGHT", "RESOLUTION", "FREE"]
    return Table.text([head] + types.map(\.row) + hardware.map(\.row))
  }
}

extension TypesReport.Entry {
  fileprivate var row: [String] {
    [
      name, "emulated", platforms.joined(separator: ","), "\(mappableMegabytes) MiB", "\(hiddenMegabytes) MiB",
      "\(fences)", "\(weight)", resolution, "\(available)",
    ]
  }
}

extension MdevTypeEntry {
  fileprivate var row: [String] {
    func cell(_ number: Int?, _ unit: String = "") -> String { number.map { "\($0)\(unit)" } ?? "-" }
    let gpu = parents.count > 2 ? "\(parents[0]) and \(parents.count - 1) more" : parents.joined(separator: ",")
    return [
      type, "hardware", gpu, cell(mappableMegabytes, " MiB"), cell(memoryMegabytes, " MiB"), cell(fences),
      cell(weight), resolution ?? "-", freeText,
    ]
  }
}
