// Which device makes the mediated device that is asked for, and why none can.

extension Mediation {
  /// As many vGPUs as GVT-g ever makes of a GPU (`gvt/gvt.h`, GVT_MAX_VGPU less the host's own).
  static let mostOfGVT = InstanceBudget.mostInstances

  /// The parent that makes the type.
  func choose(_ order: MdevOrder) throws(MediationFailure) -> (MdevParent, MdevType) {
    let offers = try parents(named: order.parent).flatMap { parent in
      parent.types.filter { $0.id == order.type || $0.name == order.type }.map { (parent: parent, type: $0) }
    }
    guard let first = offers.first else { throw try unknownType(order) }
    // The virtual functions of one GPU are equals.
    let devices = Set(offers.map { $0.parent.physicalFunction?.description ?? $0.parent.name })
    guard devices.count == 1 else {
      let list = offers.map { "\($0.parent.name) (\($0.type.freeText))" }
      throw MediationFailure(
        .request, "several devices make \(order.type): say which one with --gpu, \(words(list, joint: "or"))")
    }
    return offers.first { $0.type.available ?? 1 > 0 } ?? first
  }

  private func parents(named name: String?) throws(MediationFailure) -> [MdevParent] {
    let all = MdevParent.all(in: root)
    guard !all.isEmpty else { throw MediationFailure(.unavailable, absence()) }
    guard let name else { return all }
    let address = PCIAddress(name)
    let named = all.filter {
      $0.name == name || (address != nil && ($0.address == address || $0.physicalFunction == address))
    }
    guard named.isEmpty else { return named }
    if let gpu = GPU.all(in: root).first(where: { $0.address == address }) {
      let reason = GVTObstacle(of: gpu, in: root)?.sentence ?? "its driver makes none (see gvt-vnc gpus)"
      throw MediationFailure(.unavailable, "\(gpu.address) makes no vGPUs: \(reason)")
    }
    throw MediationFailure(
      .missing, "there is no device \(name) that makes vGPUs; those that do are \(words(all.map(\.name)))")
  }

  /// Why nothing on this host makes mediated devices.
  private func absence() -> String {
    for gpu in GPU.all(in: root) {
      if let obstacle = GVTObstacle(of: gpu, in: root) {
        return "no vGPU can be made on \(gpu.address): \(obstacle.sentence)"
      }
    }
    return """
      no device of this host makes vGPUs (see gvt-vnc gpus); an emulated one needs no GPU: \
      gvt-vnc serve vgpu:/path/to.sock
      """
  }

  private func unknownType(_ order: MdevOrder) throws(MediationFailure) -> MediationFailure {
    let offers = try parents(named: order.parent).flatMap { parent in
      parent.types.map { "\($0.id) (\($0.freeText))" }
    }
    var seen: Set<String> = []
    let list = offers.filter { seen.insert($0).inserted }
    return MediationFailure(
      .missing,
      "there is no type \(order.type); \(list.isEmpty ? "there are none at all" : "there are \(words(list))")")
  }

  /// Intel's 32-bit driver for Windows 7 does not work on the smallest type.
  static func check(_ guest: GuestSystem, _ type: MdevType, of parent: MdevParent) throws(MediationFailure) {
    guard let known = try? InstanceType(named: type.id) else {
      throw MediationFailure(
        .request, "--guest is about GVT-g's types, and \(type.id) is none of them: leave it out")
    }
    if guest.accepts(known) { return }
    let fitting = parent.types.filter { other in
      (try? InstanceType(named: other.id)).map { $0.generation == known.generation && guest.accepts($0) } ?? false
    }
    let offer = fitting.map { "\($0.id) (\($0.freeText))" }
    let remedy =
      offer.isEmpty ? "and this GPU has none: enlarge its aperture in the firmware's set-up" : words(offer, joint: "or")
    throw MediationFailure(
      .request, "a guest of \(guest.rawValue) needs at least a quarter of a GPU, not \(type.id): \(remedy)")
  }

  /// Why there cannot be another one of `type`; nil if there can.
  static func fullness(of parent: MdevParent, for type: MdevType) -> String? {
    let made = parent.instances.count
    if type.isGVT, made >= mostOfGVT {
      return "\(parent.name) has \(made) vGPUs, and GVT-g never makes more than \(mostOfGVT) of a GPU: " + removal
    }
    guard type.available == 0 else { return nil }
    let others = parent.types.filter { $0.available ?? 0 > 0 }.map { "\($0.id) (\($0.freeText))" }
    if !others.isEmpty {
      return "no \(type.id) is free on \(parent.name); there is still \(words(others, joint: "or"))"
    }
    guard made > 0 else {
      return type.isGVT
        ? "no \(type.id) is free on \(parent.name), and there are no vGPUs: enlarge its aperture in the firmware's set-up"
        : "no \(type.id) is free on \(parent.name)"
    }
    return "nothing is free on \(parent.name), which has \(made) \(made == 1 ? "vGPU" : "vGPUs"): " + removal
  }

  private static let removal = "remove one first (gvt-vnc vgpu list, gvt-vnc vgpu remove UUID)"

  /// What to know once another one of `type` has been made.
  static func notes(on parent: MdevParent, _ type: MdevType) -> [String] {
    guard type.isGVT, parent.instances.count + 1 >= mostOfGVT else { return [] }
    // Release notes of KVMGT since 2017-Q2, "Limitation or known issues".
    return [
      "This is the last of \(mostOfGVT) on \(parent.name). While all of them run, the host itself has graphics memory for "
        + "text mode only: stop its desktop (systemctl isolate multi-user.target)."
    ]
  }
}

extension MdevType {
  /// Whether GVT-g makes it.
  package var isGVT: Bool { id.hasPrefix("i915-GVTg_") }

  var freeText: String {
    switch available {
    case nil: "how many are free is unknown"
    case 0: "none free"
    case let count?: "\(count) free"
    }
  }
}
