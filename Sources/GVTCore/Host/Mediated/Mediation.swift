// Creates and removes mediated devices through /sys, once it is sure that the kernel can do it.

/// A mediated device that somebody wants.
package struct MdevOrder: Equatable, Sendable {
  /// A ``MdevType``'s id or name.
  package var type: String
  /// A ``MdevParent``'s name, or a PCI address without its domain.
  package var parent: String?
  package var uuid: String
  package var guest: GuestSystem?

  package init(type: String, parent: String? = nil, uuid: String, guest: GuestSystem? = nil) {
    self.type = type
    self.parent = parent
    self.uuid = uuid
    self.guest = guest
  }
}

/// The mediated devices of a host.
package struct Mediation: Sendable {
  let root: HostRoot

  package init(in root: HostRoot) { self.root = root }

  /// Makes one. What should be known about it besides is in `notes`, sentences.
  package func create(_ order: MdevOrder) throws(MediationFailure) -> (device: MdevDevice, notes: [String]) {
    guard let uuid = UUIDText.parse(order.uuid) else {
      throw MediationFailure(.request, "a vGPU's UUID looks like \(UUIDText.example), not \"\(order.uuid)\"")
    }
    let (parent, type) = try choose(order)
    if let guest = order.guest { try Self.check(guest, type, of: parent) }
    if MdevDevice(uuid, in: root) != nil {
      throw MediationFailure(
        .unavailable, "there is a vGPU \(uuid) already: leave out --uuid, and a new one is made up")
    }
    if let sentence = Self.fullness(of: parent, for: type) { throw MediationFailure(.unavailable, sentence) }
    try make(type, of: parent, as: uuid)
    guard let device = MdevDevice(uuid, in: root) else {
      throw MediationFailure(
        .system, "the kernel took the order for \(uuid) without an error, and there is no such vGPU")
    }
    return (device, Self.notes(on: parent, type))
  }

  private func make(_ type: MdevType, of parent: MdevParent, as uuid: String) throws(MediationFailure) {
    do throws(SystemFailure) {
      try root.write(uuid, to: MdevParent.folder + "\(parent.name)/mdev_supported_types/\(type.id)/create")
    } catch  where error.isExhaustion {
      throw MediationFailure(.unavailable, "no \(type.id) is free on \(parent.name) any more: somebody was quicker")
    } catch {
      throw MediationFailure(error, to: "create a vGPU on \(parent.name)")
    }
  }

  /// Destroys one that nobody uses.
  package func remove(_ uuid: String) throws(MediationFailure) {
    guard let name = UUIDText.parse(uuid) else {
      throw MediationFailure(
        .request,
        "a hardware vGPU is named by a UUID such as \(UUIDText.example), not \"\(uuid)\"; an emulated one ends with its display"
      )
    }
    guard let device = MdevDevice(name, in: root) else {
      let known = MdevDevice.all(in: root).map(\.uuid)
      throw MediationFailure(
        .missing, "there is no vGPU \(name); \(known.isEmpty ? "there are none" : "there are \(words(known))")")
    }
    try checkUnused(device)
    do throws(SystemFailure) {
      try root.write("1", to: MdevDevice.folder + name + "/remove")
    } catch {
      throw MediationFailure(error, to: "remove vGPU \(name)")
    }
    if MdevDevice(name, in: root) != nil {
      throw MediationFailure(
        .system, "the kernel took the order to remove \(name) without an error, and it is still there")
    }
  }

  /// The kernel would wait for whoever has the device open, and a process that waits so cannot even be killed
  /// (`vfio_unregister_group_dev`).
  private func checkUnused(_ device: MdevDevice) throws(MediationFailure) {
    let users = DeviceUsers(in: root).of(device)
    guard users.isEmpty else {
      throw MediationFailure(.unavailable, "vGPU \(device.uuid) is in use: \(words(users.map(Self.remedy)))")
    }
    // Processes that we may not look at, or in other namespaces, show here: a group opens once only.
    if root.isThisHost, let group = device.iommuGroup, Files.isBusy("/dev/vfio/\(group)") {
      throw MediationFailure(
        .unavailable,
        "vGPU \(device.uuid) is in use by a process that cannot be seen from here: see fuser /dev/vfio/\(group) as the host's root"
      )
    }
  }

  private static func remedy(_ user: DeviceUser) -> String {
    switch user.role {
    case .machine: "\(user) must be shut down first"
    case .display(let name): "\(user) must let go first (gvt-vnc detach \(name))"
    case .program: "\(user) must end first"
    }
  }
}

/// `a, b and c`.
func words(_ list: [String], joint: String = "and") -> String {
  guard list.count > 1, let last = list.last else { return list.first ?? "" }
  return list.dropLast().joined(separator: ", ") + " \(joint) " + last
}
