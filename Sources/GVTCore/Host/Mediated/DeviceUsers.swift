// Which processes have VFIO devices open, from the links in /proc/PID/fd.

/// A process that uses a device.
package struct DeviceUser: Equatable, Sendable, CustomStringConvertible {
  package enum Role: Equatable, Sendable {
    /// A VM of that name.
    case machine(String)
    /// A display of ours: its title, or its SPEC.
    case display(String)
    /// Any other program.
    case program(String)
  }

  package let process: Int32
  package let role: Role

  package init(process: Int32, role: Role) {
    self.process = process
    self.role = role
  }

  /// `VM office (process 2411)`.
  package var description: String {
    switch role {
    case .machine(let name): "VM \(name) (process \(process))"
    case .display(let name): "display \(name) (process \(process))"
    case .program(let name): "\(name) (process \(process))"
    }
  }

  init(_ process: Int32, in root: HostRoot) {
    self.process = process
    if let name = QEMUProcess(id: process, in: root)?.name {
      role = .machine(name)
      return
    }
    let bytes = (try? root.bytes("/proc/\(process)/cmdline")) ?? []
    let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    if words.count > 2, words[0].split(separator: "/").last == "gvt-vnc", words[1] == "serve" {
      let title = words.firstIndex(of: "--name").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
      role = .display(title ?? words[2])
    } else {
      role = .program(root.nonEmptyText("/proc/\(process)/comm") ?? "a program")
    }
  }
}

/// What all processes that we may look at have open below /dev/vfio, at one moment.
package struct DeviceUsers: Sendable {
  private let root: HostRoot
  private let openers: [VFIOLink: [Int32]]
  /// Whether every process could be looked at. If not, a device whose user is not known may have one.
  package let isComplete: Bool

  package init(in root: HostRoot) {
    self.root = root
    var openers: [VFIOLink: [Int32]] = [:]
    for process in root.entries(of: "/proc").compactMap(Int32.init).sorted() {
      for link in Self.links(of: process, in: root) { openers[link, default: []].append(process) }
    }
    self.openers = openers
    // Nobody but root may look at the first process, which always has something open.
    isComplete = !root.isThisHost || !root.entries(of: "/proc/1/fd").isEmpty
  }

  private static func links(of process: Int32, in root: HostRoot) -> Set<VFIOLink> {
    let folder = "/proc/\(process)/fd"
    return Set(root.entries(of: folder).compactMap { root.linkTarget(folder + "/" + $0).flatMap(VFIOLink.init) })
  }

  /// Who has a mediated device open.
  package func of(_ device: MdevDevice) -> [DeviceUser] {
    var processes = device.iommuGroup.flatMap { openers[.group($0)] } ?? []
    processes += device.characterDevice.flatMap { openers[.device($0)] } ?? []
    return users(processes)
  }

  /// Who has an IOMMU group open.
  package func ofGroup(_ group: Int?) -> [DeviceUser] { users(group.flatMap { openers[.group($0)] } ?? []) }

  private func users(_ processes: [Int32]) -> [DeviceUser] {
    Set(processes).sorted().map { DeviceUser($0, in: root) }
  }
}
