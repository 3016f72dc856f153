// How many vGPUs one GPU can be, in GVT-g's arithmetic: shares of graphics memory and fences, and what is left of them.

/// What vGPUs are accounted in.
package struct GraphicsShares: Hashable, Sendable {
  /// Mappable graphics memory in MiB.
  package var lowMegabytes: Int
  /// Hidden graphics memory in MiB.
  package var highMegabytes: Int
  package var fences: Int

  package init(lowMegabytes: Int, highMegabytes: Int, fences: Int) {
    self.lowMegabytes = lowMegabytes
    self.highMegabytes = highMegabytes
    self.fences = fences
  }

  /// What a type takes.
  package init(of type: InstanceType) {
    self.init(lowMegabytes: type.lowMegabytes, highMegabytes: type.highMegabytes, fences: type.fences)
  }

  /// What one GPU has for guests: a GGTT of 4 GiB, the first of them mappable, and 32 fences, less what the host keeps
  /// (Linux `gvt/gvt.h`, HOST_LOW_GM_SIZE, HOST_HIGH_GM_SIZE, HOST_FENCE). The aperture is the one with which there is
  /// room for every type, and for seven of the smallest.
  package static let ofOneGPU = GraphicsShares(
    lowMegabytes: 1024 - 128, highMegabytes: 3072 - 384, fences: 32 - 4)

  /// How many vGPUs of `type` these shares are (`intel_vgpu_get_available`).
  package func count(of type: InstanceType) -> Int {
    let part = GraphicsShares(of: type)
    return max(
      0, min(lowMegabytes / part.lowMegabytes, highMegabytes / part.highMegabytes, fences / part.fences))
  }

  package static func - (whole: GraphicsShares, part: GraphicsShares) -> GraphicsShares {
    GraphicsShares(
      lowMegabytes: whole.lowMegabytes - part.lowMegabytes, highMegabytes: whole.highMegabytes - part.highMegabytes,
      fences: whole.fences - part.fences)
  }
}

/// One GPU's shares and who has them.
package struct InstanceBudget: Sendable {
  /// As many as there are fences for.
  package static let mostInstances = 7

  package let instances: [InstanceType]
  package let free: GraphicsShares

  package init(holding instances: [InstanceType]) {
    self.instances = instances
    free = instances.reduce(.ofOneGPU) { $0 - GraphicsShares(of: $1) }
  }

  /// How many more of `type` there can be.
  package func count(of type: InstanceType) -> Int {
    max(0, min(free.count(of: type), Self.mostInstances - instances.count))
  }

  /// Why there cannot be another one of `type`, in one sentence that says what there can be; nil if there can.
  package func refusal(of type: InstanceType) -> String? {
    if count(of: type) > 0 { return nil }
    if instances.count >= Self.mostInstances {
      return "there are \(instances.count) vGPUs already, and a GPU is never more than \(Self.mostInstances)"
    }
    let others = InstanceType.all.filter { $0.generation == type.generation && count(of: $0) > 0 }
    let offer = others.map { "\(count(of: $0)) of \($0.name)" }
    return """
      no \(type.name) is free: it takes \(type.lowMegabytes) MiB of mappable and \(type.highMegabytes) MiB of hidden \
      graphics memory, and of those \(free.lowMegabytes) MiB and \(free.highMegabytes) MiB are left; \
      \(offer.isEmpty ? "no other type would fit either" : Self.alternatives(offer) + " would still fit")
      """
  }

  /// `a, b or c`.
  private static func alternatives(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }
}
