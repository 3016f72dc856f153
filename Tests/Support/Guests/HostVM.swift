// A virtualization host for a test suite: a VM with a real kernel (Tests/Rig/host-in-a-vm.sh) that is booted once, with
// the program under test inside, in which tests run commands, and whose displays they see through forwarded ports.
import Glibc
import Synchronization

/// One test at a time uses it.
package final class HostVM: @unchecked Sendable {
  package struct Settings: Sendable {
    /// Kernel modules to load, in this order.
    package var modules = ["vfio", "vfio_iommu_type1", "mdev", "mbochs_fixed", "mdpy_fixed"]
    /// Such as `mbochs_fixed gvt=1`.
    package var moduleParameters: [String] = []
    /// mdevs that exist from the start, as `TYPE=UUID` or `TYPE`; see ``HostVM/makeMdev(_:)`` for later ones.
    package var mdevs: [String] = []
    /// Programs, by path, that commands find by name; with the libraries that they need.
    package var programs = [Project.program]
    /// Files and folders, as `PATH` or `PATH:PATH IN THE VM`.
    package var files: [String] = []
    /// C sources in Tests/Rig/guest, without `.c`, that are compiled and put inside as programs.
    package var tools: [String] = []
    /// Devices of the VM's own, as for QEMU's `-device`, such as `virtio-gpu-pci`.
    package var devices: [String] = []
    /// How many displays can be served at a time.
    package var ports = 6
    package var megabytes = 1500
    package var processors = 2
    package init() {}
  }

  /// The script, and what it keeps between runs.
  private static let script = Project.root + "/Tests/Rig/host-in-a-vm.sh"
  private static let cache = Project.root + "/.cache/host-vm"
  private static let agentPort = 7000
  private static let firstPort = 5901

  /// What is missing for such a VM, and how to get it; nil if one can be started.
  package static var whatIsMissing: String? {
    access(cache + "/abi", R_OK) == 0
      ? nil : "there is no host in a VM: run Tests/Rig/host-in-a-vm.sh --cache .cache/host-vm --prepare"
  }

  package let settings: Settings
  private let folder: TemporaryFolder
  private let machine: RunningProgram
  private let consolePath: String
  private let agent: ServerAddress
  private let lifeLine: HostConnection
  /// Port in the VM to port of ours, for displays; those not in use.
  private let forwarded: [Int: Int]
  private let freePorts: Mutex<[Int]>
  private let lastMdev = Mutex(0x1000)

  /// Boots, which takes about ten seconds on an idle machine, and waits until commands can be run.
  package init(_ settings: Settings = Settings()) throws {
    self.settings = settings
    let folder = try TemporaryFolder()
    self.folder = folder
    consolePath = folder.path("console")
    let inside = [Self.agentPort] + (0..<settings.ports).map { Self.firstPort + $0 }
    let outside = try freeLoopbackPorts(inside.count)
    agent = .tcp(port: outside[0])
    forwarded = Dictionary(uniqueKeysWithValues: zip(inside.dropFirst(), outside.dropFirst()))
    freePorts = Mutex(inside.dropFirst().reversed())
    let tools = try (["host-agent"] + settings.tools).map { try Self.compile($0, in: folder) }
    var arguments = [Self.script, "--cache", Self.cache, "--console", consolePath, "--timeout", "1500"]
    arguments += ["--mem", "\(settings.megabytes)", "--cpus", "\(settings.processors)"]
    arguments += ["--modules", settings.modules.joined(separator: " ")]
    arguments += settings.moduleParameters.flatMap { ["--modparam", $0] }
    arguments += settings.devices.flatMap { ["--device", $0] }
    arguments += settings.mdevs.flatMap { ["--mdev", $0] }
    arguments += (settings.programs + tools).flatMap { ["--prog", $0] }
    arguments += settings.files.flatMap { ["--file", $0] }
    arguments += zip(outside, inside).flatMap { ["--forward", "\($0):\($1)"] }
    // Asked to end, not killed: it has a folder to remove.
    machine = try RunningProgram(
      "bash", arguments + ["--", "host-agent", "\(Self.agentPort)"], lastSignal: SIGTERM, in: folder)
    do {
      _ = try machine.waitForLine("agent ready", within: 180)
      lifeLine = try HostConnection(agent)
      try lifeLine.send("l")
    } catch {
      machine.end()
      throw TestFailure("the host in a VM did not start: \(error)\nconsole: \(readText(consolePath).suffix(3000))")
    }
  }

  deinit { end() }

  /// Switches it off.
  package func end() {
    lifeLine.close()
    if !poll(for: 15, until: { !machine.isRunning }) { machine.end() }
  }

  private static func compile(_ tool: String, in folder: TemporaryFolder) throws -> String {
    let program = folder.path(tool)
    let result = try runToEnd(
      "gcc",
      [
        "-std=gnu17", "-O2", "-Wall", "-Wextra", "-static", "-s", "-isystem", "/usr/include/libdrm", "-o", program,
        "\(Project.root)/Tests/Rig/guest/\(tool).c",
      ])
    guard result.status == 0 else { throw TestFailure("cannot compile \(tool): \(result.errors)") }
    return program
  }

  /// The VM's end, or what a command said of itself, with what the kernel printed last.
  fileprivate func failure(_ what: String) -> TestFailure {
    let state = machine.exitStatus.map { "\nthe VM has ended with \($0): \(machine.errors.suffix(2000))" } ?? ""
    return TestFailure("\(what)\(state)\nconsole: \(readText(consolePath).suffix(1500))")
  }
}

// What tests do in it.
extension HostVM {
  /// Begins a line of shell, and does not wait for its end.
  package func start(_ command: String) throws -> HostCommand {
    do { return try HostCommand(command, try HostConnection(agent)) } catch {
      throw failure("cannot run '\(command)' in the VM: \(error)")
    }
  }

  /// Runs a line of shell to its end.
  package func run(
    _ command: String, within seconds: Double = 60
  ) throws -> (status: Int32, output: String, errors: String) {
    let running = try start(command)
    do {
      let status = try running.wait(within: seconds)
      return (status, running.output, running.errors)
    } catch { throw failure("\(error)") }
  }

  /// Runs a line of shell that must succeed; its output without white space at the end.
  @discardableResult
  package func output(of command: String, within seconds: Double = 60) throws -> String {
    let result = try run(command, within: seconds)
    guard result.status == 0 else {
      throw failure("in the VM, '\(command)' gave \(result.status): \(result.output) \(result.errors)")
    }
    return String(result.output.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// Writes a file in the VM.
  package func write(_ bytes: [UInt8], to path: String) throws {
    let running = try start("cat >'\(path)'")
    try running.write(bytes)
    try running.endInput()
    guard try running.wait(within: 60) == 0 else { throw failure("cannot write \(path): \(running.errors)") }
  }

  /// A file in the VM, of any content.
  package func bytes(of path: String) throws -> [UInt8] {
    let running = try start("cat '\(path)'")
    guard try running.wait(within: 60) == 0 else { throw failure("cannot read \(path): \(running.errors)") }
    return running.outputBytes
  }

  /// Makes an mdev of a type such as `mbochs-medium` or `mdpy-vga` and gives its UUID.
  package func makeMdev(_ type: String) throws -> String {
    let number = lastMdev.withLock {
      $0 += 1
      return String($0, radix: 16)
    }
    let uuid = "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - number.count) + number
    try output(of: "echo \(uuid) >/sys/class/mdev_bus/\(type.prefix { $0 != "-" })/mdev_supported_types/\(type)/create")
    return uuid
  }

  /// Nothing may hold it any more.
  package func removeMdev(_ uuid: String) throws {
    try output(of: "echo 1 >/sys/bus/mdev/devices/\(uuid)/remove", within: 20)
  }

  /// `gvt-vnc serve SPEC` in the VM, ready for viewers out here.
  package func serve(_ spec: String, _ options: String = "") throws -> HostDisplay {
    guard let port = freePorts.withLock({ $0.popLast() }), let outside = forwarded[port] else {
      throw TestFailure("all \(settings.ports) ports are in use: end a display first, or ask for more")
    }
    do {
      let command = try start("exec gvt-vnc serve '\(spec)' --listen 0.0.0.0:\(port) --insecure \(options)")
      _ = try command.waitForLine("ready rfb ", within: 60)
      return HostDisplay(command, address: .tcp(port: outside)) { [weak self] in
        self?.freePorts.withLock { $0.append(port) }
      }
    } catch {
      freePorts.withLock { $0.append(port) }
      throw failure("\(error)")
    }
  }

  /// The kernel must not have complained: no WARN, no oops.
  package func expectNoComplaints() throws {
    let signs = ["WARNING: ", "Call Trace", "BUG: ", "Oops", "Kernel panic"]
    let text = try machine.isRunning ? output(of: "dmesg") : readText(consolePath)
    let lines = text.split(whereSeparator: \.isNewline)
    if let first = lines.firstIndex(where: { line in signs.contains { line.contains($0) } }) {
      let context = lines[max(0, first - 3)..<min(lines.count, first + 25)]
      throw TestFailure("the kernel in the VM complains:\n\(context.joined(separator: "\n"))")
    }
    if !machine.isRunning { throw failure("the VM has ended by itself") }
  }
}

/// A display that is served in the VM; it ends with this object.
package final class HostDisplay {
  package let command: HostCommand
  /// Where viewers out here connect to.
  package let address: ServerAddress
  private let ended: () -> Void
  private var isEnded = false

  fileprivate init(_ command: HostCommand, address: ServerAddress, ended: @escaping () -> Void) {
    self.command = command
    self.address = address
    self.ended = ended
  }

  deinit { end() }

  package func end() {
    guard !isEnded else { return }
    isEnded = true
    command.end()
    ended()
  }

  /// Connects a viewer.
  package func viewer(_ options: RFBTestClient.Options) throws -> RFBTestClient {
    do { return try RFBTestClient(address, options) } catch {
      throw TestFailure("\(error)\nserver: \(command.errors.suffix(3000))")
    }
  }

  /// Runs `body`; what the server logged is part of any failure.
  package func use<Result>(_ body: (HostDisplay) throws -> Result) throws -> Result {
    do {
      let result = try body(self)
      guard command.isRunning else { throw TestFailure("the server ended during the test") }
      return result
    } catch {
      let status = String(describing: command.exitStatus)
      throw TestFailure("\(error)\nserver, status \(status): \(command.errors.suffix(3000))")
    }
  }
}

/// TCP ports of 127.0.0.1 that nobody listened on just now.
private func freeLoopbackPorts(_ count: Int) throws -> [Int] {
  var sockets: [Int32] = []
  defer { for descriptor in sockets { close(descriptor) } }
  return try (0..<count).map { _ in
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    sockets.append(descriptor)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard result else { throw TestFailure("no free port: \(String(cString: strerror(errno)))") }
    return Int(in_port_t(bigEndian: name.sin_port))
  }
}
