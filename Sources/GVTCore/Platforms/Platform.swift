// The hardware that a guest sees: a platform is a table of registers and a few facts, never an `if` elsewhere.

/// A generation of processor graphics as a guest's driver knows it.
package struct Platform: Sendable {
  /// As in SPECs: `skl`.
  package let name: String
  /// PCI device id; the vendor is Intel.
  package let deviceID: UInt16
  package let revision: UInt8
  package let generation: InstanceType.Generation
  /// The rows beyond those that every platform has.
  package let rules: [RegisterRule]

  package static let all: [Platform] = [.skylake]

  /// The platform of this name.
  package init?(named name: String) {
    guard let platform = Self.all.first(where: { $0.name == name }) else { return nil }
    self = platform
  }

  package init(
    name: String, deviceID: UInt16, revision: UInt8, generation: InstanceType.Generation, rules: [RegisterRule]
  ) {
    self.name = name
    self.deviceID = deviceID
    self.revision = revision
    self.generation = generation
    self.rules = rules
  }

  /// What a type of vGPU is unless somebody asks for another platform of its generation.
  package static func standard(for type: InstanceType) -> Platform {
    all.first { $0.generation == type.generation } ?? .skylake
  }

  /// Skylake GT2, 0x1916.
  package static let skylake = Platform(
    name: "skl", deviceID: 0x1916, revision: 7, generation: .skylake, rules: [])
}
