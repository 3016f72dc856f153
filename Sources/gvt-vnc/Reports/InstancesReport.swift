// The vGPUs that run, and how they are doing.
import GVTCore
import GVTDisplay

/// What `vgpu list` prints.
struct InstancesReport: Codable, Equatable, Sendable {
  struct Entry: Codable, Equatable, Sendable {
    var instance: InstanceRecord
    /// Nil if it does not answer.
    var status: InstanceStatus?
    /// Why it does not.
    var failure: String?
  }

  /// Emulated ones.
  var instances: [Entry]
  /// Those that the host's GPUs make.
  var hardware: [HardwareEntry] = []

  static func gather(_ places: Places, _ root: HostRoot = .this) throws(CommandFailure) -> InstancesReport {
    InstancesReport(
      instances: try InstanceClient.instances(in: places).sorted { $0.name < $1.name }.map(entry),
      hardware: HardwareEntry.all(in: root))
  }

  private static func entry(_ instance: InstanceRecord) -> Entry {
    do throws(CommandFailure) {
      return Entry(instance: instance, status: try InstanceClient(instance).ask(InstanceRequest(.status)).status)
    } catch {
      return Entry(instance: instance, failure: error.description)
    }
  }

  var table: String {
    if instances.isEmpty && hardware.isEmpty {
      return "No vGPU runs. Make one with: gvt-vnc serve vgpu:/path/to.sock --listen ADDRESS"
    }
    let head = ["NAME", "KIND", "TYPE", "GPU", "PID", "SOCKET", "RESOLUTION", "REFUSED", "STATE"]
    return Table.text([head] + instances.map(\.row) + hardware.map(\.row))
  }
}

extension HardwareEntry {
  fileprivate var row: [String] {
    [
      uuid, "hardware", type ?? "-", parent ?? "-", users.first.map { "\($0.process)" } ?? "-", "-", "-", "-",
      stateText,
    ]
  }
}

extension InstancesReport.Entry {
  fileprivate var row: [String] {
    [
      instance.name, "emulated", instance.type, instance.platform, "\(instance.process)", instance.socket, sizeText,
      refusedText,
      stateText,
    ]
  }

  private var sizeText: String {
    guard let width = status?.width, let height = status?.height else { return "-" }
    return "\(width)x\(height)"
  }

  /// Accesses to memory that the VM does not have.
  private var refusedText: String { status.map { "\($0.refusedAccesses.values.reduce(0, +))" } ?? "-" }

  private var stateText: String {
    guard let status else { return failure ?? "does not answer" }
    guard status.isConnected else { return "waiting for a VMM" }
    return status.reason.map { "attached: \($0)" } ?? "attached"
  }
}
