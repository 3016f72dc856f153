// What a vGPU is asked for when its VM is saved, restored or moved.
import GVTCore
import Glibc

extension InstanceVerb {
  package static let hold = InstanceVerb(
    name: "hold",
    summary: "leave the VM's QMP socket alone for a minute, and show \"card\" instead of the picture if it is not empty"
  ) { source, order in
    source.hold(card: order.request.arguments?["card"])
    order.reply(InstanceReply(migration: source.migrationReport))
  }

  package static let release = InstanceVerb(
    name: "release", summary: "the end of hold; keys and pointer go to the QMP socket \"qmp\", if it is given"
  ) { source, order in
    source.release(qmpPath: order.request.arguments?["qmp"])
    order.reply(InstanceReply())
  }

  package static let save = InstanceVerb(
    name: "save", summary: "the vGPU's state, written to the file descriptor that comes along; the VM must stand still"
  ) { source, order in
    guard let file = order.file, (try? Files.isRegular(file.raw)) == true else {
      return order.reply(InstanceReply(failure: "a regular file to write to must come along"))
    }
    guard let vgpu = source.vgpu, source.isConnected else {
      return order.reply(InstanceReply(failure: "no VM has attached this vGPU, so that there is nothing to save"))
    }
    do throws(SystemFailure) {
      try Files.write(vgpu.snapshot().bytes, to: file.raw)
      order.reply(InstanceReply(migration: source.migrationReport))
    } catch {
      order.reply(InstanceReply(failure: "the state cannot be written: \(error.reason)"))
    }
  }

  package static let restore = InstanceVerb(
    name: "restore", summary: "the vGPU as in the file whose descriptor comes along; the VM must stand still"
  ) { source, order in
    guard let file = order.file, (try? Files.isRegular(file.raw)) == true else {
      return order.reply(InstanceReply(failure: "a regular file to read must come along"))
    }
    guard source.isConnected else {
      return order.reply(InstanceReply(failure: "no VM has attached this vGPU: start the VM first, and let it wait"))
    }
    do {
      try source.restore(Snapshot(Files.read(file.owned, limit: Snapshot.maxBytes)))
      order.reply(InstanceReply(migration: source.migrationReport))
    } catch let failure as SnapshotFailure {
      order.reply(InstanceReply(failure: failure.description))
    } catch {
      order.reply(InstanceReply(failure: "the state cannot be read: \(error)"))
    }
  }

  package static let handover = InstanceVerb(
    name: "handover",
    summary: "show the VM that waits at the other socket; \"state\":\"yes\" makes its vGPU what this one is"
  ) { source, order in
    do throws(SnapshotFailure) {
      guard try source.handOver(withState: order.request.arguments?["state"] == "yes") else {
        return order.reply(InstanceReply(failure: "no VM waits at the other socket"))
      }
      order.reply(InstanceReply(migration: source.migrationReport))
    } catch {
      order.reply(InstanceReply(failure: error.description))
    }
  }
}

/// What saving, restoring and moving a VM need to know of its vGPU.
package struct InstanceMigration: Codable, Equatable, Sendable {
  /// Whether a VM has attached the vGPU.
  package var isConnected: Bool
  /// Where it has, or could.
  package var socket: String
  /// Whether another VM has connected beforehand, to take over.
  package var isSuccessorConnected: Bool
  /// Where that other VM connects.
  package var successorSocket: String
  /// Where the VM's keys and pointer go.
  package var qmpPath: String?
  package var deviceID: UInt16
  package var engines: String
  /// Accesses that went through the aperture.
  package var apertureAccesses: Int
  /// The PCI configuration space, two hexadecimal digits a byte.
  package var configurationSpace: String
}

extension VGPUSource {
  private static func digits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  var migrationReport: InstanceMigration {
    InstanceMigration(
      isConnected: isConnected, socket: vgpu?.socketPath ?? spec.socketPath,
      isSuccessorConnected: successor?.isConnected ?? false,
      successorSocket: successor?.vgpu.socketPath ?? spec.socketPath, qmpPath: qmpPath,
      deviceID: spec.platform.deviceID, engines: spec.engines.rawValue,
      apertureAccesses: vgpu?.apertureAccesses ?? 0,
      configurationSpace: (vgpu?.configurationSpace ?? []).map(Self.digits).joined())
  }
}
