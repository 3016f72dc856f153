// How a kernel was built and started: its configuration, its modules and their parameters.

/// The options that a kernel was built with.
package struct KernelConfiguration: Sendable {
  /// The file that says so.
  package let path: String
  private let values: [String: String]

  /// Nil if no file has it. `/proc/config.gz` would, but distributions that have it nearly all have one of the others too.
  package init?(release: String, in root: HostRoot) {
    let places = ["/boot/config-\(release)", "/lib/modules/\(release)/config", "/usr/lib/modules/\(release)/config"]
    for path in places {
      guard let text = root.text(path) else { continue }
      self.path = path
      var values: [String: String] = [:]
      for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
        let sides = line.split(separator: "=", maxSplits: 1)
        if sides.count == 2 { values[String(sides[0])] = String(sides[1]) }
      }
      self.values = values
      return
    }
    return nil
  }

  /// `y`, `m`, or nil for an option that is off or unknown to this kernel.
  package subscript(option: String) -> String? { values[option] }
}

/// Where a module is.
package enum ModuleState: Equatable, Sendable {
  case loaded
  case builtIn
  /// It can be loaded.
  case available
  /// This kernel has none of that name.
  case absent
  /// Nothing tells.
  case unknown

  package var isThere: Bool { self == .loaded || self == .builtIn }
}

/// A kernel's modules.
package struct KernelModules: Sendable {
  private let root: HostRoot
  private let builtIn: Set<String>
  private let loadable: Set<String>
  private let isListed: Bool

  package init(release: String, in root: HostRoot) {
    self.root = root
    let folder = ["/lib/modules/", "/usr/lib/modules/"].map { $0 + release }.first { root.exists($0 + "/modules.dep") }
    builtIn = Self.names(root, folder.map { $0 + "/modules.builtin" })
    loadable = Self.names(root, folder.map { $0 + "/modules.dep" })
    isListed = folder != nil
  }

  package func state(_ name: String) -> ModuleState {
    // A module that was loaded says how that went; a built-in one has a folder only if it has parameters.
    if root.exists("/sys/module/\(name)/initstate") { return .loaded }
    if builtIn.contains(name) || root.exists("/sys/module/\(name)") { return .builtIn }
    if loadable.contains(name) { return .available }
    return isListed ? .absent : .unknown
  }

  /// `kernel/drivers/vfio/vfio-pci.ko.xz: ...`, a line each, by what the module is called once it is loaded.
  private static func names(_ root: HostRoot, _ path: String?) -> Set<String> {
    let lines = path.flatMap { root.text($0, limit: 1 << 24) }?.split(separator: "\n") ?? []
    return Set(
      lines.compactMap { line in
        let file = line.prefix { $0 != ":" }.split(separator: "/").last ?? ""
        let name = file.prefix { $0 != "." }
        return name.isEmpty ? nil : String(name.map { $0 == "-" ? "_" : $0 })
      })
  }
}

/// What modules are told: now, and at the next start.
package struct KernelParameters: Sendable {
  private let root: HostRoot
  /// The words of the kernel's command line.
  package let words: [String]
  private let configured: [String: String]

  package init(in root: HostRoot) {
    self.root = root
    words = (root.text("/proc/cmdline") ?? "").split { $0 == " " || $0 == "\n" }.map(String.init)
    configured = Self.configured(in: root)
  }

  /// The value that is in force; nil if the module has no such parameter, or only root may see it.
  package func current(_ module: String, _ name: String) -> String? {
    root.text("/sys/module/\(module)/parameters/\(name)")
  }

  /// The value on the kernel's command line, else that in a file of /etc/modprobe.d.
  package func configured(_ module: String, _ name: String) -> String? {
    words.last { $0.hasPrefix("\(module).\(name)=") }?.split(separator: "=").last.map(String.init)
      ?? configured["\(module).\(name)"]
  }

  /// Whether a kernel parameter such as `intel_iommu=on,igfx_off` has that word.
  package func has(_ word: String, in name: String) -> Bool {
    words.contains { parameter in
      guard parameter.hasPrefix(name + "=") else { return false }
      return parameter.dropFirst(name.count + 1).split(separator: ",").contains(Substring(word))
    }
  }

  /// Lines `options MODULE NAME=VALUE ...` (modprobe.d(5)).
  private static func configured(in root: HostRoot) -> [String: String] {
    var values: [String: String] = [:]
    for folder in ["/usr/lib/modprobe.d", "/lib/modprobe.d", "/etc/modprobe.d"] {
      for file in root.entries(of: folder) where file.hasSuffix(".conf") {
        for line in (root.text(folder + "/" + file) ?? "").split(separator: "\n") {
          let words = line.split { $0 == " " || $0 == "\t" }
          guard words.first == "options", words.count > 2 else { continue }
          for word in words[2...] {
            let sides = word.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { values["\(words[1]).\(sides[0])"] = String(sides[1]) }
          }
        }
      }
    }
    return values
  }
}
