// A real QEMU in the host VM, with an mdev as its only display (display=off: it never asks for the picture itself).
import TestSupport

final class NestedQEMU {
  private static let program = "/usr/bin/qemu-system-x86_64"
  private static let accelerator = "/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"
  private static let videoBIOS = "/usr/share/seabios/vgabios-bochs-display.bin"

  /// For the VM's settings.
  static let files =
    [program, accelerator, "/usr/share/seabios"]
    + ["kvmvapic.bin", "linuxboot_dma.bin"].map { "/usr/share/qemu/\($0)" }

  /// Boots from a disk whose first sector prints what is typed.
  private static let echo: [UInt8] = [
    0x31, 0xC0,  // xor ax, ax
    0xCD, 0x16,  // int 16h: a key
    0xB4, 0x0E,  // mov ah, 0eh
    0x31, 0xDB,  // xor bx, bx
    0xCD, 0x10,  // int 10h: print it
    0xEB, 0xF4,  // and again
  ]

  /// What SeaBIOS prints with.
  static func font() throws -> ConsoleFont { try ConsoleFont(videoBIOS: videoBIOS) }

  private let vm: HostVM
  let name: String
  private let uuid: String
  private var command: HostCommand?

  init(_ name: String, on uuid: String, in vm: HostVM) throws {
    (self.name, self.uuid, self.vm) = (name, uuid, vm)
    let sector = Self.echo + Array(repeating: 0, count: 510 - Self.echo.count) + [0x55, 0xAA]
    try vm.write(sector + Array(repeating: 0, count: 1 << 20 - 512), to: "/tmp/\(name).disk")
  }

  /// Starts it; SeaBIOS then waits a minute for Esc.
  func start() throws {
    let device = "vfio-pci,sysfsdev=/sys/bus/mdev/devices/\(uuid),display=off,romfile=\(Self.videoBIOS)"
    command = try vm.start(
      """
      exec qemu-system-x86_64 -name \(name) -M pc,accel=tcg -m 32 -nodefaults -no-user-config -display none -vga none \
      -L /usr/share/qemu -L /usr/share/seabios -boot menu=on,splash-time=60000 -device \(device) \
      -drive file=/tmp/\(name).disk,format=raw -qmp unix:/tmp/\(name).qmp,server=on,wait=off
      """)
  }

  var isRunning: Bool { command?.isRunning ?? false }
  var errors: String { command?.errors ?? "" }

  func processID() throws -> Int32 {
    guard let command else { throw TestFailure("\(name) was not started") }
    return try command.processID()
  }

  /// `kill -9`, and waits until it is gone.
  func kill() {
    command?.kill()
    command = nil
  }
}
