// A hardware vGPU, as `vgpu list` and `vgpu create` tell of it.
import GVTCore

/// One mediated device.
struct HardwareEntry: Codable, Equatable, Sendable {
  var uuid: String
  var type: String?
  /// The device that it is a part of: a PCI address, or a name.
  var parent: String?
  var iommuGroup: Int?
  var users: [DeviceUserEntry]
  /// Whether `users` are all; only root may look at every process.
  var areUsersKnown: Bool
  /// What `serve` shows it by.
  var source: String
  /// How QEMU attaches it.
  var device: String

  init(_ device: MdevDevice, users: [DeviceUser], areUsersKnown: Bool = true) {
    uuid = device.uuid
    type = device.type
    parent = device.parent
    iommuGroup = device.iommuGroup
    self.users = users.map { DeviceUserEntry($0) }
    self.areUsersKnown = areUsersKnown
    source = "vfio:" + device.uuid
    self.device = "vfio-pci,sysfsdev=/sys/bus/mdev/devices/" + device.uuid
  }

  static func all(in root: HostRoot) -> [HardwareEntry] {
    let devices = MdevDevice.all(in: root)
    guard !devices.isEmpty else { return [] }
    let users = DeviceUsers(in: root)
    return devices.map { HardwareEntry($0, users: users.of($0), areUsersKnown: users.isComplete) }
  }

  /// The UUID alone in the first line, for scripts; then what to do with it.
  var recipe: String {
    uuid + "\n"
      + Table.text([
        ["  in QEMU", "-device \(device)"], ["  to show it", "gvt-vnc serve \(source) --listen 127.0.0.1:5901"],
        ["  to end it", "gvt-vnc vgpu remove \(uuid)"],
      ])
  }

  var stateText: String {
    if users.isEmpty { return areUsersKnown ? "not in use" : "who uses it, only root sees" }
    return "in use by " + users.map(\.text).joined(separator: ", ")
  }
}
