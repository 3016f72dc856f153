// The QEMUs that run on a host, from /proc: proc(5).

/// A QEMU that runs: who it is, and what its command line says.
package struct QEMUProcess: Equatable, Sendable {
  package let id: Int32
  /// When it started, in clock ticks after boot. With ``id`` it tells a process from a later one of the same number.
  package let startTicks: UInt64
  /// Its effective user.
  package let user: UInt32
  /// The program's path; nil if we may not see it.
  package let program: String?
  /// Whether the program's file has been replaced since, by an upgrade: what is installed is no longer what runs.
  package let isProgramReplaced: Bool
  package let commandLine: QEMUCommandLine
  /// QMP sockets that it listens at, as absolute paths.
  package let qmpSocketPaths: [String]

  /// The VM's name, `-name`.
  package var name: String? { commandLine.name }
  /// The VM's UUID, in small letters.
  package var uuid: String? { commandLine.uuid }
  /// QEMU's own displays, such as `gtk` and `vnc 127.0.0.1:0`.
  package var displays: [String] { commandLine.displays }
  /// The mediated devices that it attaches, by UUID.
  package var mdevs: [String] { commandLine.mdevs }
  /// The sockets of devices that other processes emulate.
  package var vfioUserSockets: [String] { commandLine.vfioUserSockets }

  /// More than the kernel lets a command line be (a quarter of the usual stack limit, and never above 6 MiB).
  private static let longestCommandLine = 6 << 20

  /// All QEMUs that we may look at, by number.
  package static func all(in root: HostRoot) -> [QEMUProcess] {
    root.entries(of: "/proc").compactMap(Int32.init).sorted().compactMap { QEMUProcess(id: $0, in: root) }
  }

  /// The process of that number; nil if it is no QEMU, is gone, or went while we looked.
  package init?(id: Int32, in root: HostRoot) {
    let folder = "/proc/\(id)"
    let link = root.linkTarget(folder + "/exe")
    // Whoever may see the link needs no guesses, and most processes are done with here.
    if let link, !Self.isLoader(link), !Self.isQEMU(link) { return nil }
    guard let identity = ProcessIdentity(id, in: root), let user = Self.user(id, in: root),
      let bytes = try? root.bytes(folder + "/cmdline", limit: Self.longestCommandLine), !bytes.isEmpty
    else { return nil }
    let words = Self.words(bytes)
    if link.map(Self.isLoader) ?? true {
      guard Self.isQEMU(words[0]) || Self.isQEMU(root.text(folder + "/comm") ?? "") else { return nil }
    }
    let directory = root.linkTarget(folder + "/cwd")
    guard ProcessIdentity(id, in: root) == identity else { return nil }
    self.id = id
    self.user = user
    startTicks = identity.startTicks
    isProgramReplaced = link?.hasSuffix(Self.replacedMark) ?? false
    program = link.map { $0.hasSuffix(Self.replacedMark) ? String($0.dropLast(Self.replacedMark.count)) : $0 }
    commandLine = QEMUCommandLine(words)
    qmpSocketPaths = commandLine.qmpSockets.compactMap { Self.absolute($0, in: directory) }
  }

  /// What the kernel adds to the link of a program whose file is gone.
  private static let replacedMark = " (deleted)"

  /// `qemu-system-x86_64`; `kvm` as Proxmox and older Debians have it, `qemu-kvm` of Red Hat's; a name that a wrapper made up
  /// around it, such as `.qemu-system-x86_64-wrapped`. A thread's name (comm) is cut after 15 bytes.
  private static func isQEMU(_ path: String) -> Bool {
    var name = path.split(separator: "/").last.map(String.init) ?? ""
    if name.hasSuffix(replacedMark) { name.removeLast(replacedMark.count) }
    if name.hasPrefix(".") { name.removeFirst() }
    return name.hasPrefix("qemu-system-") || name == "kvm" || name == "qemu-kvm"
  }

  /// A program that was started through the dynamic linker is known by its arguments only.
  private static func isLoader(_ path: String) -> Bool {
    path.split(separator: "/").last.map { $0.hasPrefix("ld-") || $0.hasPrefix("ld.so") } ?? false
  }

  /// The words of /proc/PID/cmdline, each of which ends in a zero byte; never none.
  static func words(_ bytes: [UInt8]) -> [String] {
    let whole = bytes.last == 0 ? bytes.dropLast() : bytes[...]
    return whole.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The second number of `Uid:` in /proc/PID/status.
  private static func user(_ id: Int32, in root: HostRoot) -> UInt32? {
    let lines = root.text("/proc/\(id)/status")?.split(separator: "\n") ?? []
    let numbers = lines.first { $0.hasPrefix("Uid:") }?.dropFirst(4).split { $0 == "\t" || $0 == " " } ?? []
    return numbers.count > 1 ? UInt32(numbers[1]) : nil
  }

  /// A path with bytes that are no text cannot be named in a SPEC, nor one whose folder we may not see.
  private static func absolute(_ path: String, in directory: String?) -> String? {
    if path.unicodeScalars.contains("\u{fffd}") { return nil }
    if path.hasPrefix("/") { return path }
    return directory.map { $0 + "/" + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path) }
  }
}
