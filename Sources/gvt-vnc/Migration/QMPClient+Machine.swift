// What a VM is doing, and the few orders that saving and moving it take (qapi/run-state.json, qapi/migration.json).
import Foundation
import GVTCore
import GVTDisplay

/// A `RunState`, as far as it matters here.
struct RunState: Equatable {
  let name: String

  var isRunning: Bool { name == "running" }
  /// QEMU waits for somebody to send it a VM.
  var isIncoming: Bool { name == "inmigrate" }
  /// The guest sleeps (S3).
  var isSuspended: Bool { name == "suspended" }
  /// It stands still and would go on with `cont`.
  var canContinue: Bool { ["paused", "prelaunch", "postmigrate", "finish-migrate"].contains(name) }
}

/// How far a migration is (`query-migrate`).
struct MigrationProgress: Decodable, Equatable {
  struct Memory: Decodable, Equatable {
    var transferred: UInt64
    var remaining: UInt64
    var total: UInt64
  }
  struct Address: Decodable, Equatable {
    var type: String
    var path: String?
    var host: String?
    var port: String?

    /// As `migrate` takes it.
    var uri: String? {
      switch type {
      case "unix": path.map { "unix:" + $0 }
      case "inet": host.flatMap { host in port.map { "tcp:\(host.contains(":") ? "[\(host)]" : host):\($0)" } }
      default: nil
      }
    }
  }

  var status: String?
  var ram: Memory?
  var downtime: Int?
  var errorDescription: String?
  /// Where a QEMU that was started with an address listens.
  var addresses: [Address]?

  private enum CodingKeys: String, CodingKey {
    case status, ram, downtime
    case errorDescription = "error-desc"
    case addresses = "socket-address"
  }

  var hasFailed: Bool { status == "failed" || status == "cancelled" }

  /// "43 % of 1024 MiB", or the state's name.
  var description: String {
    guard let ram, ram.total > 0 else { return status ?? "" }
    let done = ram.total - min(ram.remaining, ram.total)
    return "\(done * 100 / ram.total) % of \(ram.total >> 20) MiB"
  }
}

extension QMPClient {
  private struct Status: Decodable { var status: String }

  func runState() throws(CommandFailure) -> RunState {
    RunState(name: try ask("query-status", as: Status.self).status)
  }

  /// Waits until the VM is in a state that `isWanted`.
  func wait(upTo seconds: Double, for isWanted: (RunState) -> Bool) throws(CommandFailure) -> Bool {
    let end = Date.now.addingTimeInterval(seconds)
    while true {
      if isWanted(try runState()) { return true }
      if Date.now >= end { return false }
      try pause(seconds: 0.05)
    }
  }

  func migrationProgress() throws(CommandFailure) -> MigrationProgress { try ask("query-migrate") }

  /// Runs a line of the human monitor, for the few things that QMP cannot do.
  func monitor(_ line: String) throws(CommandFailure) -> String {
    try ask("human-monitor-command", ["command-line": line], as: String.self)
  }

  /// Hands a descriptor to QEMU under a name, for `fd:NAME`.
  func give(_ file: SharedDescriptor, named name: String) throws(CommandFailure) {
    try run("getfd", ["fdname": name], passing: file)
  }

  private struct DescriptorSet: Decodable {
    var id: Int
    private enum CodingKeys: String, CodingKey { case id = "fdset-id" }
  }

  /// Hands a file to QEMU, and gives the name under which QEMU opens it.
  func give(file: SharedDescriptor) throws(CommandFailure) -> String {
    guard let set: DescriptorSet = try run("add-fd", passing: file).decode() else {
      throw CommandFailure(.unavailable, "\(role) does not take files")
    }
    return "/dev/fdset/\(set.id)"
  }

  /// Waits until the migration that goes out is over; `tell` hears how far it is.
  func finishMigration(_ tell: (MigrationProgress) -> Void) throws(CommandFailure) -> MigrationProgress {
    while true {
      let progress = try migrationProgress()
      if progress.status == "completed" { return progress }
      if progress.hasFailed {
        let reason = progress.errorDescription ?? "QEMU does not say why"
        throw CommandFailure(.unavailable, "the migration has failed: \(reason)")
      }
      tell(progress)
      try pause(seconds: 0.1)
    }
  }
}
