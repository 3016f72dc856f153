// The messages of migration: device features, and the state's bytes.
import Glibc

extension ClientSession {
  /// VFIO_DEVICE_FEATURE_MIGRATION and _MIG_DEVICE_STATE; there are no others.
  private enum Feature: UInt32 {
    case migration = 1
    case deviceState = 2

    var operations: UInt32 {
      switch self {
      case .migration: FeatureRequest.get
      case .deviceState: FeatureRequest.get | FeatureRequest.set
      }
    }
  }

  mutating func feature(_ body: Body) throws(Refusal) {
    let request = try FeatureRequest(body)
    guard let feature = Feature(rawValue: request.index), function.stateHooks.withLock({ $0 != nil }) else {
      throw Refusal(ENOTTY, "a question for a feature that the device does not have")
    }
    let wanted = request.operations & ~FeatureRequest.probe
    guard wanted & ~feature.operations == 0 else {
      throw Refusal(EINVAL, "a feature that cannot be used in this way")
    }
    if request.operations & FeatureRequest.probe != 0 {
      return append(bytes: Array(body.bytes[body.place(0)..<body.place(body.count)]))
    }
    switch wanted {
    case FeatureRequest.get: get(feature, request)
    case FeatureRequest.set:
      try body.require(FeatureRequest.byteCount + 8)
      let target = body.number(UInt32.self, at: FeatureRequest.byteCount)
      try migration.go(to: target, function)
      append(bytes: Array(body.bytes[body.place(0)..<body.place(body.count)]))
    default: throw Refusal(EINVAL, "a feature that cannot be used in this way")
    }
  }

  private mutating func get(_ feature: Feature, _ request: FeatureRequest) {
    append(UInt32(16))
    append(request.flags)
    guard request.argsz >= 16 else { return }
    switch feature {
    case .migration: append(MigrationSession.abilities)
    case .deviceState:
      append(migration.state.rawValue)
      // The descriptor that the kernel would give; data goes by messages here.
      append(UInt32(0))
    }
  }

  mutating func readMigrationData(_ body: Body) throws(Refusal) {
    let size = try Self.dataSize(body)
    var data: [UInt8] = []
    try migration.read(size, to: &data)
    append(UInt32(8 + data.count))
    append(UInt32(data.count))
    append(bytes: data)
  }

  mutating func writeMigrationData(_ body: Body) throws(Refusal) {
    let size = try Self.dataSize(body)
    try body.require(8 + size)
    try migration.write(body.bytes[body.place(8)..<body.place(8 + size)])
  }

  private static func dataSize(_ body: Body) throws(Refusal) -> Int {
    try body.require(8)
    let room = Int(body.number(UInt32.self, at: 0))
    let size = Int(body.number(UInt32.self, at: 4))
    guard size <= Capabilities.mostTransferBytes, room >= 8 + size else {
      throw Refusal(EINVAL, "migration data of a size that does not fit")
    }
    return size
  }
}
