// A whole PCI function as a snapshot and back: the vGPU, and the configuration space in front of it.

extension ConfigSpace {
  /// The bytes as the guest sees them. Only what a guest can write is taken back.
  package struct State: SnapshotState, Equatable {
    package static let section = SnapshotSection.pci
    package static let version: UInt16 = 1

    package let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    package init(from reader: inout SnapshotReader) throws(SnapshotFailure) {
      bytes = try reader.bytes(count: ConfigSpace.byteCount)
    }

    package func write(to writer: inout SnapshotWriter) { writer.append(bytes) }
  }
}

extension PCIFunction {
  /// What the device is now. Its guest should stand still meanwhile.
  package func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    device.state().store(in: &snapshot)
    snapshot.store(ConfigSpace.State(bytes: configuration))
    return snapshot
  }

  /// Goes on where the device of a snapshot was, with the guest memory and the eventfds that the client has given. On a
  /// throw nothing has changed.
  package func restore(_ snapshot: Snapshot) throws(SnapshotFailure) {
    let space: ConfigSpace.State = try snapshot.load()
    let state = try VirtualGPU.State(snapshot, for: device.configuration)
    loadConfiguration(space.bytes)
    device.restore(state)
  }

  /// Lets clients that ask for it migrate the device.
  package func allowMigration() {
    let hooks = StateHooks(
      snapshot: { [weak self] in
        guard let self else { throw SnapshotFailure.notASnapshot }
        return snapshot().bytes
      },
      restore: { [weak self] bytes in try self?.restore(Snapshot(bytes)) })
    stateHooks.withLock { $0 = hooks }
  }
}
