// Types of hardware vGPU, as `gpus` and `vgpu types` tell of them.
import GVTCore

/// A type of mediated device, and how many there are.
struct MdevTypeEntry: Codable, Equatable, Sendable {
  /// `i915-GVTg_V5_4`.
  var type: String
  /// What its driver calls it, where that says more: `GRID T4-1Q`.
  var name: String?
  /// The driver's words.
  var description: String?
  var deviceAPI: String?
  /// The devices that make it: PCI addresses, or names.
  var parents: [String]
  /// How many more there can be; nil if no driver says.
  var available: Int?
  /// Those that there are, by UUID.
  var instances: [String]
  /// Of GVT-g's types and NVIDIA's, MiB of the GPU's memory; of GVT-g's, what the processor can reach of it.
  var mappableMegabytes: Int?
  var memoryMegabytes: Int?
  var fences: Int?
  var weight: Int?
  var resolution: String?

  init(_ type: MdevType, of parent: MdevParent) {
    self.type = type.id
    name = type.name.flatMap { type.id.hasSuffix($0) ? nil : $0 }
    description = type.description
    deviceAPI = type.deviceAPI
    parents = [parent.name]
    available = type.available
    instances = type.instances
    mappableMegabytes = type.number(labelled: "low_gm_size")
    memoryMegabytes = type.number(labelled: "high_gm_size") ?? type.number(labelled: "framebuffer")
    fences = type.number(labelled: "fence")
    weight = type.number(labelled: "weight")
    resolution = type.value(labelled: "resolution") ?? type.value(labelled: "max_resolution")
  }

  /// The types of several parents, such as the virtual functions of one GPU, each once.
  static func merged(_ parents: [MdevParent]) -> [MdevTypeEntry] {
    var entries: [MdevTypeEntry] = []
    for parent in parents {
      for entry in parent.types.map({ MdevTypeEntry($0, of: parent) }) {
        if let index = entries.firstIndex(where: { $0.type == entry.type }) {
          entries[index].add(entry)
        } else {
          entries.append(entry)
        }
      }
    }
    return entries
  }

  private mutating func add(_ other: MdevTypeEntry) {
    parents += other.parents
    instances += other.instances
    // Drivers' counts are wishes; a sum that overflows would be nonsense anyhow.
    available = available.flatMap { count in other.available.map { count.addingReportingOverflow($0).partialValue } }
  }

  /// What a person chooses by, in one line.
  var summary: String {
    let memory = memoryMegabytes.map { hidden in
      mappableMegabytes.map { "\($0) MiB mappable and \(hidden) MiB hidden memory" } ?? "\(hidden) MiB"
    }
    let parts = [name, resolution.map { mappableMegabytes == nil ? "up to \($0)" : $0 }, memory].compactMap { $0 }
    if memory != nil || resolution != nil { return parts.joined(separator: ", ") }
    let words = description?.split { $0 == "\n" }.joined(separator: ", ")
    return [name, words].compactMap { $0 }.joined(separator: ": ")
  }

  var freeText: String { available.map { "\($0)" } ?? "?" }
}
