// The host's GPUs, and how VMs can share them.
import GVTCore

/// What `gpus` prints.
struct GPUsReport: Codable, Equatable, Sendable {
  struct Connector: Codable, Equatable, Sendable {
    var name: String
    var status: String
    /// The monitor's preferred mode.
    var mode: String?
  }

  struct Function: Codable, Equatable, Sendable {
    var address: String
    var driver: String?
    var iommuGroup: Int?
    var users: [DeviceUserEntry]
    /// Whether `users` are all; only root may look at every process.
    var areUsersKnown: Bool
    /// NVIDIA's number of the type of vGPU that it is.
    var currentType: Int?
    /// The types that it can be made, `1076: NVIDIA L4-2Q`.
    var creatableTypes: [String]?
  }

  struct VirtualFunctions: Codable, Equatable, Sendable {
    var total: Int
    var enabled: Int
    var functions: [Function]
  }

  struct Entry: Codable, Equatable, Sendable {
    var address: String
    /// `8086`, `5916`.
    var vendorID: String
    var deviceID: String
    var vendor: String?
    var name: String?
    /// Of Intel's: `Kaby Lake`, and `9.5` for its graphics.
    var generation: String?
    var graphicsVersion: String?
    var driver: String?
    var isBootDisplay: Bool
    var cardNode: String?
    var renderNode: String?
    var connectors: [Connector]
    /// How VMs can share it, or why they cannot and what serves instead.
    var sharing: SharingEntry?
    /// Types of its vGPUs.
    var types: [MdevTypeEntry]
    var virtualFunctions: VirtualFunctions?
  }

  /// Something else than a GPU that makes mediated devices.
  struct Parent: Codable, Equatable, Sendable {
    var name: String
    var types: [MdevTypeEntry]
  }

  var gpus: [Entry]
  var otherParents: [Parent]

  static func gather(_ root: HostRoot) -> GPUsReport {
    let users = DeviceUsers(in: root)
    let gpus = GPU.all(in: root)
    let known = Set(gpus.flatMap { $0.parents.map(\.name) })
    return GPUsReport(
      gpus: gpus.map { Entry($0, users: users, in: root) },
      otherParents: MdevParent.all(in: root).filter { !known.contains($0.name) }.map {
        Parent(name: $0.name, types: MdevTypeEntry.merged([$0]))
      })
  }
}

extension GPUsReport.Entry {
  fileprivate init(_ gpu: GPU, users: DeviceUsers, in root: HostRoot) {
    address = gpu.address.description
    vendorID = hex(gpu.identity.vendorID, 4)
    deviceID = hex(gpu.identity.deviceID, 4)
    vendor = gpu.identity.vendorName
    name = gpu.identity.deviceName
    generation = gpu.generation?.name
    graphicsVersion = gpu.generation?.version
    driver = gpu.driver
    isBootDisplay = gpu.isBootDisplay
    cardNode = gpu.cardNode
    renderNode = gpu.renderNode
    connectors = gpu.connectors.map { .init(name: $0.name, status: $0.status, mode: $0.mode) }
    sharing = SharingEntry(gpu, in: root)
    types = MdevTypeEntry.merged(gpu.parents)
    virtualFunctions = gpu.virtualFunctions.map { offer in
      .init(total: offer.total, enabled: offer.enabled, functions: offer.functions.map { .init($0, users: users) })
    }
  }
}

extension GPUsReport.Function {
  fileprivate init(_ function: GPU.VirtualFunction, users: DeviceUsers) {
    address = function.address.description
    driver = function.driver
    iommuGroup = function.iommuGroup
    self.users = users.ofGroup(function.iommuGroup).map { DeviceUserEntry($0) }
    areUsersKnown = users.isComplete
    currentType = function.vendorTypes?.current
    creatableTypes = function.vendorTypes?.creatable.map { "\($0.id): \($0.name)" }
  }
}
