// The hardware that a guest sees: a platform is a table of registers and a few facts, never an `if` elsewhere.

/// A generation of processor graphics as a guest's driver knows it.
package struct Platform: Sendable, CustomStringConvertible {
  /// As in SPECs: `skl`.
  package let name: String
  /// PCI device id; the vendor is Intel.
  package let deviceID: UInt16
  package let revision: UInt8
  package let generation: InstanceType.Generation
  /// How its planes are programmed.
  package let planes: PlaneArrangement
  /// Where the clocks of its ports are.
  package let clocks: PortClocks
  /// Where its ports' AUX channels and pins are.
  package let ports: PortArrangement
  /// How fast an engine's TIMESTAMP counts.
  package let timestampKilohertz: Int64
  /// The rows beyond those that every platform has.
  package let rules: [RegisterRule]

  package var description: String { name }

  package static let all: [Platform] = [.broadwell, .skylake, .kabyLake, .coffeeLake]

  /// The platform of this name.
  package init?(named name: String) {
    guard let platform = Self.all.first(where: { $0.name == name }) else { return nil }
    self = platform
  }

  private init(
    name: String, deviceID: UInt16, revision: UInt8, generation: InstanceType.Generation, planes: PlaneArrangement,
    clocks: PortClocks, ports: PortArrangement, timestampKilohertz: Int64, rules: [RegisterRule]
  ) {
    self.name = name
    self.deviceID = deviceID
    self.revision = revision
    self.generation = generation
    self.planes = planes
    self.clocks = clocks
    self.ports = ports
    self.timestampKilohertz = timestampKilohertz
    self.rules = RegisterRule.power + RegisterRule.engines + RegisterRule.ports(ports) + rules
  }

  /// What a type of vGPU is unless somebody asks for another platform of its generation.
  package static func standard(for type: InstanceType) -> Platform {
    all.first { $0.generation == type.generation } ?? .skylake
  }

  /// Broadwell GT2 ULT, 0x1616: the first of Gen8's, whose PCH i915 takes for LynxPoint-LP.
  package static let broadwell = Platform(
    name: "bdw", deviceID: 0x1616, revision: 9, generation: .broadwell, planes: .primaryAndSprite, clocks: .broadwell,
    ports: .broadwell, timestampKilohertz: 12_500, rules: RegisterRule.broadwellPower)

  /// Skylake GT2 ULT, 0x1916.
  package static let skylake = Platform(gen9: "skl", deviceID: 0x1916, revision: 7)

  /// Kaby Lake GT2 ULT, 0x5916.
  package static let kabyLake = Platform(gen9: "kbl", deviceID: 0x5916, revision: 2)

  /// Coffee Lake GT2 of a mobile H processor, 0x3e9b.
  package static let coffeeLake = Platform(gen9: "cfl", deviceID: 0x3e9b, revision: 0, ports: .cannonPoint)

  private init(gen9 name: String, deviceID: UInt16, revision: UInt8, ports: PortArrangement = .gen9) {
    self.init(
      name: name, deviceID: deviceID, revision: revision, generation: .skylake, planes: .universal, clocks: .gen9,
      ports: ports, timestampKilohertz: 12_000, rules: RegisterRule.gen9Power)
  }
}
