// A Linux guest on a vGPU: QEMU with vfio-user's client, a stock kernel, and ways to look into it.
import Glibc

package final class VGPUGuest {
  package struct Settings: Sendable {
    package var kernel = GuestKernel.bookworm
    /// Starts Xorg from the desktop's disk.
    package var hasDesktop = false
    /// OVMF instead of SeaBIOS.
    package var hasUEFI = false
    package var memory = "512M"
    /// More for the kernel's command line.
    package var words: [String] = []
    /// The screen's driver.
    package var driver = "i915"
    /// More for QEMU; % stands for the guest's folder.
    package var arguments: [String] = []
    /// Where the vGPU is: an address on a bus, such as `"addr":"02.0"`; nil starts without it.
    package var slot: String? = #""addr":"02.0""#

    package init(_ kernel: GuestKernel = .bookworm) { self.kernel = kernel }
  }

  package let settings: Settings
  /// The guest's files and sockets, as QEMU sees them and as we do.
  package let inside: String
  package let outside: String
  private let logs: TemporaryFolder
  private var machine: RunningProgram?
  private var startedAgent: GuestAgent?
  private var startedControl: QMPClient?

  /// Where the vGPU must listen before ``start()``.
  package var socketPath: String { outside + "/vgpu" }
  /// For the display's keys and pointer.
  package var inputPath: String { outside + "/qmp" }
  /// A SPEC for this guest's display.
  package func spec(_ options: String) -> String { "vgpu:\(socketPath)?\(options)&qmp=\(inputPath)" }

  package init(_ settings: Settings = Settings()) throws {
    self.settings = settings
    inside = "/tmp/gvt-\(UInt32.random(in: 0...UInt32.max))"
    outside = GuestImages.root + inside
    logs = try TemporaryFolder()
    guard mkdir(outside, 0o700) == 0 else {
      throw TestFailure("cannot make \(outside): \(String(cString: strerror(errno)))")
    }
    for file in ["vmlinuz", "initrd"] {
      try GuestImages.put("\(settings.kernel.folder)/\(file)", at: "\(outside)/\(file)")
    }
    if settings.hasDesktop { try GuestImages.put(GuestImages.desktop, at: outside + "/desktop.img") }
  }

  deinit {
    kill()
    _ = try? runToEnd("rm", ["-rf", "--", outside])
  }

  /// Starts QEMU, which waits for nothing but the vGPU's socket.
  package func start() throws {
    startedAgent = nil
    startedControl = nil
    for name in ["agent", "control"] { unlink("\(outside)/\(name)") }
    // The log shows what an earlier run said too.
    let own = settings.arguments.map { $0.replacing("%", with: inside) }
    machine = try RunningProgram(
      "/usr/sbin/chroot", [GuestImages.root, "/usr/bin/qemu-system-x86_64"] + common + screen + disk + own, in: logs)
    startedAgent = try GuestAgent(outside + "/agent")
    startedControl = try QMPClient(outside + "/control")
  }

  private var common: [String] {
    let words =
      ["console=ttyS0", "console=tty0", "panic=1", "no_console_suspend", "agent=ttyS1", "modules=\(settings.driver)"]
      + (settings.hasDesktop ? ["desktop=vda"] : []) + settings.words
    return [
      "-accel", "tcg", "-cpu", "Nehalem", "-m", settings.memory, "-machine", "q35,memory-backend=m",
      "-object", "memory-backend-memfd,id=m,size=\(settings.memory),share=on",
      "-nodefaults", "-display", "none", "-vga", "none",
      "-device", "qemu-xhci,addr=1d.0", "-device", "usb-tablet",
      "-chardev", "file,id=log,append=on,path=\(inside)/console.log", "-serial", "chardev:log",
      "-chardev", "socket,id=agent,path=\(inside)/agent,server=on,wait=off", "-serial", "chardev:agent",
      "-qmp", "unix:\(inside)/qmp,server=on,wait=off", "-qmp", "unix:\(inside)/control,server=on,wait=off",
      "-kernel", "\(inside)/vmlinuz", "-initrd", "\(inside)/initrd", "-append", words.joined(separator: " "),
    ] + (settings.hasUEFI ? ["-bios", "/usr/share/ovmf/OVMF.fd"] : [])
  }

  private var screen: [String] {
    guard let slot = settings.slot else { return [] }
    let socket = #""socket":{"type":"unix","path":"\#(inside)/vgpu"}"#
    return ["-device", #"{"driver":"vfio-user-pci","id":"vgpu",\#(slot),\#(socket)}"#]
  }

  private var disk: [String] {
    guard settings.hasDesktop else { return [] }
    // What is written is thrown away with the guest.
    let drive = "if=none,id=disk,format=raw,snapshot=on,file=\(inside)/desktop.img"
    return ["-drive", drive, "-device", "virtio-blk-pci,drive=disk,addr=1e.0"]
  }

  package var agent: GuestAgent {
    get throws {
      guard let startedAgent else { throw TestFailure("the guest was not started") }
      return startedAgent
    }
  }

  package var control: QMPClient {
    get throws {
      guard let startedControl else { throw TestFailure("the guest was not started") }
      return startedControl
    }
  }

  /// Waits for the shell on the console. Half a minute is usual with two guests on two cores.
  package func waitForBoot(within seconds: Double = 120) throws {
    do { try agent.waitUntilReady(within: seconds) } catch {
      throw TestFailure(
        "\(settings.kernel) has not booted: \(error)\nQEMU: \(machine?.errors.suffix(1000) ?? "")\nconsole: \(consoleLog.suffix(3000))"
      )
    }
  }

  /// Everything the kernel printed.
  package var consoleLog: String { readText(outside + "/console.log") }

  /// The kernel must not have complained: no WARN, no `*ERROR*`, no oops.
  package func expectNoComplaints() throws {
    let signs = ["WARNING: ", "*ERROR*", "Call Trace", "BUG: ", "Oops"]
    let lines = try agent.run("dmesg").split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.firstIndex(where: { line in signs.contains { line.contains($0) } }) else { return }
    let context = lines[max(0, first - 3)..<min(lines.count, first + 25)]
    throw TestFailure("the guest's kernel complains:\n\(context.joined(separator: "\n"))")
  }

  package var isRunning: Bool { machine?.isRunning ?? false }

  /// `kill -9`.
  package func kill() {
    machine?.signal(SIGKILL)
    _ = try? machine?.waitForExit(within: 10)
    machine = nil
    startedAgent = nil
    startedControl = nil
  }
}
