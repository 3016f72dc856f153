// The QEMU that is installed: which program, and its version.

/// The QEMU of this host's own architecture, as far as it is installed.
package struct InstalledQEMU: Equatable, Sendable {
  /// Nil if only the package database knows of it.
  package let program: String?
  /// Nil if nothing tells.
  package let version: QEMUVersion?
  /// Whether its D-Bus display is there: Debian ships displays as modules, which can be left out.
  package let hasDBusDisplay: Bool

  private static let programs = [
    "/usr/bin/qemu-system-x86_64", "/usr/local/bin/qemu-system-x86_64", "/usr/bin/kvm", "/usr/libexec/qemu-kvm",
    "/usr/bin/qemu-kvm", "/usr/bin/qemu-system-aarch64",
  ]
  private static let packages = ["qemu-system-x86", "pve-qemu-kvm", "qemu-system-arm"]

  /// Nil if there is none. `runVersion` runs a program with `--version`; it is asked on this host only.
  package init?(in root: HostRoot, runVersion: (String) -> String?) {
    let program = Self.programs.first { root.exists($0) }
    let packaged = Self.packagedVersion(in: root)
    guard program != nil || packaged != nil else { return nil }
    let said = root.isThisHost ? program.flatMap(runVersion).flatMap { QEMUVersion(output: $0) } : nil
    self.program = program
    version = said ?? packaged
    hasDBusDisplay = Self.hasDBusDisplay(in: root)
  }

  /// From dpkg's database.
  private static func packagedVersion(in root: HostRoot) -> QEMUVersion? {
    guard let text = root.text("/var/lib/dpkg/status", limit: 1 << 26) else { return nil }
    var package = ""
    var isInstalled = false
    // Fields stand in this order: Package, Status, ..., Version.
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: "Package: ".utf8) {
        package = String(line.dropFirst(9)) ?? ""
        isInstalled = false
      } else if packages.contains(package) {
        if line.starts(with: "Status: ".utf8) { isInstalled = line.suffix(10).elementsEqual(" installed".utf8) }
        if isInstalled, line.starts(with: "Version: ".utf8), let word = String(line.dropFirst(9)) {
          return QEMUVersion(word)
        }
      }
    }
    return nil
  }

  /// Where QEMU's parts are modules at all, the display's module must be among them.
  private static func hasDBusDisplay(in root: HostRoot) -> Bool {
    let folders = [
      "/usr/lib/x86_64-linux-gnu/qemu", "/usr/lib/aarch64-linux-gnu/qemu", "/usr/lib64/qemu", "/usr/lib/qemu",
    ]
    let modules = folders.flatMap { root.entries(of: $0) }.filter { $0.hasPrefix("ui-") }
    return modules.isEmpty || modules.contains("ui-dbus.so")
  }
}
