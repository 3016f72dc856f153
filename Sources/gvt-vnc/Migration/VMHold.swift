// A vGPU whose display stands back while a command saves, restores or moves its VM.
import Foundation
import GVTCore
import GVTDisplay

/// From its creation to ``release(qmp:)`` the display leaves the VM's QMP socket to us. If we die, it takes it back after
/// a while.
final class VMHold {
  private let client: InstanceClient
  /// The VM's QMP socket: the one of the SPEC, or the one that was given instead.
  let qmpPath: String?

  /// `qmpPath` stands in for the SPEC's.
  init(_ client: InstanceClient, qmpPath: String?) throws(CommandFailure) {
    self.client = client
    let report = try client.ask(InstanceRequest(.hold)).migration
    self.qmpPath = qmpPath ?? report?.qmpPath
  }

  var name: String { client.instance.name }

  /// How the vGPU is doing with regard to this.
  func report() throws(CommandFailure) -> InstanceMigration {
    guard let report = try client.ask(InstanceRequest(.hold)).migration else {
      throw CommandFailure(.unavailable, "\(name) is of another version of gvt-vnc")
    }
    return report
  }

  /// What viewers see instead of the picture; nil for the picture.
  func show(_ text: String?) throws(CommandFailure) {
    _ = try client.ask(InstanceRequest(.hold, arguments: ["card": text ?? ""]))
  }

  /// The vGPU's state as a file's bytes.
  func save() throws(CommandFailure) -> [UInt8] {
    do {
      let file = try Files.inMemory(named: "vGPU snapshot")
      let shared = SharedDescriptor(try file.duplicate())
      _ = try client.ask(InstanceRequest(.save), with: shared)
      try Files.rewind(file.raw)
      return try Files.read(file, limit: Snapshot.maxBytes)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.systemError, "cannot receive the vGPU's state: \(error)")
    }
  }

  /// Makes the vGPU what the file says.
  func restore(_ bytes: [UInt8]) throws(CommandFailure) -> InstanceMigration {
    do {
      let file = try Files.inMemory(named: "vGPU snapshot")
      try Files.write(bytes, to: file.raw)
      try Files.rewind(file.raw)
      let reply = try client.ask(InstanceRequest(.restore), with: SharedDescriptor(file))
      guard let report = reply.migration else {
        throw CommandFailure(.unavailable, "\(name) does not say what it is now")
      }
      return report
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.systemError, "cannot hand over the vGPU's state: \(error)")
    }
  }

  /// The VM at the other socket is the one to be shown now; with its vGPU as it was here, or as it is.
  func handOver(withState: Bool) throws(CommandFailure) -> InstanceMigration {
    let arguments = ["state": withState ? "yes" : "no"]
    guard let report = try client.ask(InstanceRequest(.handover, arguments: arguments)).migration else {
      throw CommandFailure(.unavailable, "\(name) does not say what it is now")
    }
    return report
  }

  /// Keys and pointer go to the VM at `qmpPath` from now on, or to the one where they went; the picture is shown.
  func release(qmpPath: String? = nil) {
    _ = try? client.ask(InstanceRequest(.release, arguments: qmpPath.map { ["qmp": $0] }))
  }

  /// Whether there is a picture.
  func isShowing() -> Bool {
    guard let status = try? client.ask(InstanceRequest(.status)).status else { return false }
    return status.isConnected && status.reason == nil
  }
}
