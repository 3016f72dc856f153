// What this process may do: its user, groups, capabilities and limits, as proc(5) has them.

/// This process's rights.
package struct ProcessRights: Sendable {
  /// capabilities(7).
  package enum Capability: Int, Sendable {
    case readAndWriteAnything = 1
    case lockMemory = 14
    case trace = 19
    case administer = 21
  }

  package let user: UInt32
  package let groups: [UInt32]
  private let effective: UInt64
  /// Soft limits; nil is none, or unknown.
  package let openFiles: Int?
  package let lockedBytes: Int?
  /// Whether /proc said anything at all.
  package let isKnown: Bool

  package init(in root: HostRoot) {
    let lines = (root.text("/proc/self/status") ?? "").split(separator: "\n")
    func words(_ key: String) -> [Substring] {
      lines.first { $0.hasPrefix(key + ":") }?.dropFirst(key.count + 1).split { $0 == "\t" || $0 == " " } ?? []
    }
    let users = words("Uid").compactMap { UInt32($0) }
    let own = words("Gid").compactMap { UInt32($0) }
    isKnown = users.count > 1
    user = isKnown ? users[1] : .max
    groups = own.dropFirst().prefix(1) + words("Groups").compactMap { UInt32($0) }
    effective = words("CapEff").first.flatMap { UInt64($0, radix: 16) } ?? 0
    let limits = root.text("/proc/self/limits") ?? ""
    openFiles = Self.limit("Max open files", in: limits)
    lockedBytes = Self.limit("Max locked memory", in: limits)
  }

  package func has(_ capability: Capability) -> Bool { effective >> UInt64(capability.rawValue) & 1 == 1 }
  package var isRoot: Bool { user == 0 }

  /// The soft limit in a line such as `Max open files   1024   524288   files`.
  private static func limit(_ name: String, in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
  }
}

extension HostRoot {
  /// A user's name from /etc/passwd, or its number.
  package func userName(_ id: UInt32) -> String { Self.name(id, in: text("/etc/passwd") ?? "") }

  /// A group's name from /etc/group, or its number.
  package func groupName(_ id: UInt32) -> String { Self.name(id, in: text("/etc/group") ?? "") }

  private static func name(_ id: UInt32, in table: String) -> String {
    let wanted = String(id)
    let line = table.split(separator: "\n").first { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      return fields.count > 2 && fields[2] == wanted
    }
    return line?.split(separator: ":").first.map(String.init) ?? wanted
  }

  /// Who owns a file and who may do what; in a tree that is no host, what its file `permissions` says, in lines of
  /// PATH MODE USER GROUP, the mode in octal.
  package func status(of path: String) -> FileStatus? {
    if isThisHost { return FileStatus(of: path) }
    let lines = (text("/permissions") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
    guard exists(path), let fields = lines.first(where: { $0.count == 4 && $0[0] == path }) else { return nil }
    guard let mode = UInt32(fields[1], radix: 8), let user = UInt32(fields[2]), let group = UInt32(fields[3]) else {
      return nil
    }
    return FileStatus(mode: mode, user: user, group: group)
  }

  /// Whether `process` may read and write a file; nil if there is no telling.
  package func mayReadAndWrite(_ path: String, _ process: ProcessRights) -> Bool? {
    // The kernel knows of access control lists too, with which a desktop's user is let at the GPU.
    if isThisHost { return exists(path) ? FileStatus.mayReadAndWrite(path) : nil }
    guard let status = status(of: path) else { return nil }
    if process.has(.readAndWriteAnything) { return true }
    let shift: UInt32 = status.user == process.user ? 6 : process.groups.contains(status.group) ? 3 : 0
    return status.mode >> shift & 6 == 6
  }
}
