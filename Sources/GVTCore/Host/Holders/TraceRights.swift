// Whether this process may take part in what other processes have open: ptrace(2), "Ptrace access mode checking".

/// The rights that pidfd_getfd(2) asks for.
package struct TraceRights: Equatable, Sendable {
  /// CAP_SYS_PTRACE, in effect.
  package let hasCapability: Bool
  /// kernel.yama.ptrace_scope; zero where there is no Yama.
  package let scope: Int
  /// Our effective user.
  package let user: UInt32?

  package init(hasCapability: Bool, scope: Int, user: UInt32?) {
    self.hasCapability = hasCapability
    self.scope = scope
    self.user = user
  }

  package init(in root: HostRoot) {
    let capabilities = Self.field("CapEff", ofProcess: "self", in: root).flatMap { UInt64($0, radix: 16) } ?? 0
    // CAP_SYS_PTRACE is number 19 (linux/capability.h).
    hasCapability = capabilities >> 19 & 1 != 0
    scope = root.number("/proc/sys/kernel/yama/ptrace_scope") ?? 0
    user = Self.user(ofProcess: "self", in: root)
  }

  /// Why `process` cannot be taken part in, and what to do; nil if it can. Without a process: why not every one can.
  package func obstacle(toProcess process: Int32? = nil, in root: HostRoot) -> String? {
    if scope >= 3 {
      return
        "The host forbids every process to look into another (kernel.yama.ptrace_scope is 3, which holds until it is"
        + " started anew with another setting), so that no VM's device can be shared."
    }
    if hasCapability { return nil }
    let remedy = "run it as root, or give it CAP_SYS_PTRACE (AmbientCapabilities= of its systemd unit)"
    if scope > 0 {
      return "gvt-vnc may not take part in another process's device (kernel.yama.ptrace_scope is \(scope)): \(remedy)."
    }
    guard let process else { return "gvt-vnc may take part in its own user's VMs only; for others, \(remedy)." }
    guard let other = Self.user(ofProcess: "\(process)", in: root), other != user else { return nil }
    return "The VM runs as user \(other), and gvt-vnc may take part in its own user's VMs only: \(remedy)."
  }

  private static func user(ofProcess process: String, in root: HostRoot) -> UInt32? {
    // Real, effective, saved, of the file system.
    let numbers = field("Uid", ofProcess: process, in: root)?.split { $0 == "\t" || $0 == " " } ?? []
    return numbers.count > 1 ? UInt32(numbers[1]) : nil
  }

  private static func field(_ name: String, ofProcess process: String, in root: HostRoot) -> String? {
    let lines = root.text("/proc/\(process)/status")?.split(separator: "\n") ?? []
    guard let line = lines.first(where: { $0.hasPrefix(name + ":") }) else { return nil }
    return String(line.dropFirst(name.utf8.count + 1).drop { $0 == "\t" || $0 == " " })
  }
}
