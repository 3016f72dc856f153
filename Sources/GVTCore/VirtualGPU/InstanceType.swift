// The kinds of vGPU that can be had, as GVT-g names them (Linux `gvt/vgpu.c`, `intel_vgpu_types`).

/// A kind of vGPU: what share of a GPU it is accounted as.
package struct InstanceType: Hashable, Sendable {
  /// The hardware that a guest sees.
  package enum Generation: Int, Sendable, CaseIterable {
    /// Gen8.
    case broadwell = 4
    /// Gen9: Skylake, Kaby Lake and Coffee Lake.
    case skylake = 5
  }

  package let generation: Generation
  /// How many of this type make up a GPU: 1, 2, 4 or 8.
  package let divisor: Int
  /// Mappable graphics memory in MiB.
  package let lowMegabytes: Int
  /// Hidden graphics memory in MiB.
  package let highMegabytes: Int
  package let fences: Int
  /// Share of the GPU's time, relative to the others'.
  package let weight: Int
  /// The mode that the monitor prefers.
  package let resolution: PixelSize

  /// As in sysfs: `i915-GVTg_V5_4`.
  package var name: String { "i915-GVTg_V\(generation.rawValue)_\(divisor)" }

  private init(
    _ generation: Generation, _ divisor: Int, low: Int, high: Int, weight: Int, _ resolution: PixelSize
  ) {
    self.generation = generation
    self.divisor = divisor
    lowMegabytes = low
    highMegabytes = high
    fences = 4
    self.weight = weight
    self.resolution = resolution
  }

  /// Every type, smallest share first.
  package static let all: [InstanceType] = Generation.allCases.flatMap { generation -> [InstanceType] in
    let wide = PixelSize(width: 1920, height: 1200)
    return [
      .init(generation, 8, low: 64, high: 384, weight: 2, PixelSize(width: 1024, height: 768)),
      .init(generation, 4, low: 128, high: 512, weight: 4, wide),
      .init(generation, 2, low: 256, high: 1024, weight: 8, wide),
      .init(generation, 1, low: 512, high: 2048, weight: 16, wide),
    ]
  }

  /// The type of this name, or the error that lists those that exist.
  package init(named name: String) throws(UnknownInstanceType) {
    guard let type = Self.all.first(where: { $0.name == name }) else { throw UnknownInstanceType(name: name) }
    self = type
  }
}

/// A name that is no type's.
package struct UnknownInstanceType: Error, Equatable, CustomStringConvertible {
  package let name: String

  package var description: String {
    "there is no vGPU type \"\(name)\"; types are \(InstanceType.all.map(\.name).joined(separator: ", "))"
  }
}
