// A VM on a vGPU of ours: the chroot's QEMU, one of the rig's kernels, commands over a serial port, a QMP socket.
import Glibc

/// Debian's kernels that Tests/Rig/guest-image.sh makes guests of.
package enum GuestKernel: String, CaseIterable, Sendable {
  case linux6_1 = "6.1"
  case linux6_12 = "6.12"
  case linux7 = "7"

  fileprivate var folder: String { "\(Project.root)/.cache/guest-\(rawValue)" }
}

/// One VM, which dies with the object. Its sockets are in a folder that QEMU and we both reach.
package final class VGPUGuest {
  /// How a VM is put together.
  package struct Options: Sendable {
    package var kernel = GuestKernel.linux6_12
    /// Further words on the kernel's command line.
    package var words: [String] = []
    /// Further arguments of QEMU.
    package var arguments: [String] = []
    /// Starts Xorg, a window manager and terminals from Tests/Rig/desktop-image.sh's disk.
    package var hasDesktop = false
    package var isUEFI = false
    /// Behind a root port, from which it can be unplugged, instead of at 00:02.0.
    package var isHotPluggable = false
    /// QEMU waits for a migration, and has no vGPU yet if it is hot-pluggable.
    package var isIncoming = false

    package init(_ kernel: GuestKernel = .linux6_12) { self.kernel = kernel }
  }

  /// Why there can be no such VM on this machine; nil if there can.
  package static let missing: String? = {
    if geteuid() != 0 { return "QEMU 11 runs in a chroot, which needs root" }
    if readText(root + "/.qemu11-chroot.done").isEmpty { return "there is no QEMU 11: run Tests/Rig/qemu11-chroot.sh" }
    for kernel in GuestKernel.allCases where access(kernel.folder + "/.guest-image.done", R_OK) != 0 {
      return "there is no guest with Linux \(kernel.rawValue): run Tests/Rig/guest-image.sh \(kernel.rawValue)"
    }
    return nil
  }()
  private static let root = Project.root + "/.cache/qemu11"
  private static let disk = Project.root + "/.cache/desktop.img"
  package static let hasDesktopDisk = access(disk, R_OK) == 0

  package let options: Options
  private let inside: String
  private let outside: String
  private let folder: TemporaryFolder
  private var program: RunningProgram?
  private var agent: Connection?
  private var nextCommand = 1

  /// The vGPU's socket, for its SPEC.
  package var socketPath: String { outside + "/vgpu" }
  /// A QMP socket for `qmp=`; ``control(_:)`` has one of its own.
  package var qmpPath: String { outside + "/qmp" }

  package init(_ options: Options = Options()) throws {
    self.options = options
    folder = try TemporaryFolder()
    inside = "/tmp/gvt-vm-" + (folder.path.split(separator: ".").last.map(String.init) ?? "")
    outside = Self.root + inside
    guard mkdir(outside, 0o755) == 0 else { throw TestFailure("cannot make \(outside)") }
    var files = [(options.kernel.folder + "/vmlinuz", "vmlinuz"), (options.kernel.folder + "/initrd", "initrd")]
    if options.hasDesktop { files.append((Self.disk, "disk")) }
    for (file, name) in files {
      guard link(file, "\(outside)/\(name)") == 0 else {
        throw TestFailure("cannot link \(file): \(String(cString: strerror(errno)))")
      }
    }
  }

  deinit {
    kill()
    for name in ["vmlinuz", "initrd", "disk", "vgpu", "qmp", "control", "agent", "console"] {
      unlink("\(outside)/\(name)")
    }
    rmdir(outside)
  }

  /// Powers it on. The vGPU's socket must be listened at.
  package func start() throws {
    for name in ["qmp", "control", "agent"] { unlink("\(outside)/\(name)") }
    let program = try RunningProgram("chroot", [Self.root, "/usr/bin/qemu-system-x86_64"] + arguments, in: folder)
    self.program = program
    guard poll(for: 20, until: { access("\(outside)/agent", F_OK) == 0 || !program.isRunning }), program.isRunning
    else {
      throw TestFailure("QEMU did not start: \(program.errors.suffix(2000))")
    }
    agent = try Connection(to: .unix(path: outside + "/agent"), timeout: 240)
  }

  /// `kill -9`.
  package func kill() {
    agent = nil
    program?.signal(SIGKILL)
    _ = poll(for: 5) { program?.isRunning != true }
    program = nil
  }

  package var isRunning: Bool { program?.isRunning == true }

  /// The vGPU's -device argument, or device_add's arguments.
  package var device: String {
    let place = options.isHotPluggable ? "\"bus\":\"rp\",\"addr\":\"00.0\"" : "\"addr\":\"02.0\""
    return """
      {"driver":"vfio-user-pci","id":"vg",\(place),"socket":{"type":"unix","path":"\(inside)/vgpu"}}
      """
  }

  private var arguments: [String] {
    let memory = options.hasDesktop ? "1G" : "512M"
    var all = [
      "-machine", "q35,memory-backend=m", "-accel", "tcg", "-cpu", "Nehalem", "-m", memory,
      "-object", "memory-backend-memfd,id=m,size=\(memory),share=on", "-nodefaults", "-display", "none", "-vga", "none",
      "-serial", "file:\(inside)/console", "-serial", "unix:\(inside)/agent,server=on,wait=off",
      "-qmp", "unix:\(inside)/qmp,server=on,wait=off", "-qmp", "unix:\(inside)/control,server=on,wait=off",
      "-device", "qemu-xhci,addr=06.0", "-device", "usb-tablet",
    ]
    if options.isHotPluggable { all += ["-device", "pcie-root-port,id=rp,chassis=1,slot=1,addr=04.0"] }
    if !(options.isHotPluggable && options.isIncoming) { all += ["-device", device] }
    if options.isIncoming { all += ["-incoming", "defer"] }
    if options.isUEFI {
      // A kernel on the command line is started by OVMF as the firmware of a disk would.
      all += ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"]
      all += ["-drive", "if=pflash,format=raw,snapshot=on,file=/usr/share/OVMF/OVMF_VARS_4M.fd"]
    }
    var words = ["console=tty0", "console=ttyS0", "panic=1", "modules=i915", "agent=ttyS1"] + options.words
    if options.hasDesktop {
      words.append("desktop=vda")
      all += ["-drive", "file=\(inside)/disk,format=raw,if=none,id=d,snapshot=on"]
      all += ["-device", "virtio-blk-pci,drive=d,addr=05.0"]
    }
    all += ["-kernel", "\(inside)/vmlinuz", "-initrd", "\(inside)/initrd", "-append", words.joined(separator: " ")]
    return all + options.arguments
  }
}

// What it is asked to do.
extension VGPUGuest {
  /// Waits until its init takes commands: once after each power-on or reboot.
  package func waitUntilReady() throws {
    _ = try readAgent(until: "[agent ready]")
  }

  /// Runs a command in its shell and returns what it printed.
  @discardableResult
  package func run(_ command: String) throws -> String {
    let number = nextCommand
    nextCommand += 1
    guard let agent else { throw TestFailure("the guest is off") }
    try agent.write(Array("\(number) \(command)\n".utf8))
    let text = try readAgent(until: "[done \(number) ")
    guard let status = try Int(readAgent(until: "]").filter(\.isNumber)) else { throw TestFailure("no status") }
    if status != 0 { throw TestFailure("'\(command)' ended with status \(status): \(text)") }
    return text
  }

  /// Gives a command whose end is not waited for.
  package func begin(_ command: String) throws {
    try agent?.write(Array("\(nextCommand) (\(command)) >/dev/null 2>&1 &\n".utf8))
    _ = try readAgent(until: "[done \(nextCommand) ")
    _ = try readAgent(until: "]")
    nextCommand += 1
  }

  private func readAgent(until end: String) throws -> String {
    guard let agent else { throw TestFailure("the guest is off") }
    var text: [UInt8] = []
    let wanted = Array(end.utf8)
    do {
      while !text.ends(with: wanted) { text.append(try agent.byte()) }
    } catch {
      throw TestFailure("the guest did not say '\(end)' (\(error)); its console: \(console.suffix(1500))")
    }
    return String(decoding: text.dropLast(wanted.count), as: UTF8.self)
  }

  /// What its kernel and init have printed since it was powered on.
  package var console: String { readText(outside + "/console") }

  /// Executes a QMP command, `arguments` being JSON; returns the answer's line.
  @discardableResult
  package func control(_ command: String, _ arguments: String = "{}") throws -> String {
    let connection = try Connection(to: .unix(path: outside + "/control"))
    func line() throws -> String {
      var bytes: [UInt8] = []
      while bytes.last != 10 { bytes.append(try connection.byte()) }
      return String(decoding: bytes, as: UTF8.self)
    }
    _ = try line()
    for (name, arguments) in [("qmp_capabilities", "{}"), (command, arguments)] {
      try connection.write(Array("{\"execute\":\"\(name)\",\"arguments\":\(arguments),\"id\":\"\(name)\"}\n".utf8))
      while true {
        let answer = try line()
        guard answer.contains("\"id\": \"\(name)\"") else { continue }
        if answer.contains("\"error\":") { throw TestFailure("QMP \(name): \(answer)") }
        if name == command { return answer }
        break
      }
    }
    return ""
  }

  /// Lines of its kernel's log that tell of a fault.
  package func faults() throws -> [String] {
    try run("dmesg").split(whereSeparator: \.isNewline).map(String.init).filter { line in
      ["WARN", "*ERROR*", "BUG:", "Oops", "Call Trace", "Unknown symbol"].contains { line.contains($0) }
    }
  }
}

extension [UInt8] {
  fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
