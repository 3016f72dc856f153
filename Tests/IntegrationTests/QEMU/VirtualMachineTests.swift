// A real VM with Debian's stock kernel, seen and used through VNC by one viewer that stays connected throughout:
// boot messages, a typed command's output, a reboot, and QEMU killed and started again.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  @Suite(.tags(.peer)) struct VirtualMachineTests {
    private static let guest = QEMUInstallation.cache + "/guest-6.1"
    private static let hasGuest = FileManager.default.fileExists(atPath: guest + "/.guest-image.done")

    /// VGA's colours, which a command of ours fills the screen with.
    private enum Colour: String {
      case red = "41"
      case green = "42"
      case blue = "44"

      var pixel: UInt32 {
        switch self {
        case .red: 0xAA0000
        case .green: 0x00AA00
        case .blue: 0x0000AA
        }
      }
    }

    /// VGA has six bits a channel, which QEMU widens in its own way: a colour's upper five bits decide.
    private static func share(of pixel: UInt32, in picture: Picture) -> Double {
      Double(picture.pixels.count { $0 & 0xF8F8F8 == pixel & 0xF8F8F8 }) / Double(max(1, picture.pixels.count))
    }

    /// Types a command, again and again until its effect is seen: a guest that boots has no shell, and one that is short
    /// of time loses keys.
    private func type(
      _ command: String, _ viewer: RFBTestClient, within seconds: Double, until condition: (Picture) -> Bool
    ) throws {
      let end = Date.now.addingTimeInterval(seconds)
      while Date.now < end {
        try viewer.type("\n\(command)\n")
        if (try? viewer.follow(within: 6) { condition($0.picture) }) != nil { return }
      }
      throw TestFailure("\(command) had no effect in \(seconds) s")
    }

    private func paint(_ colour: Colour, _ viewer: RFBTestClient, within seconds: Double) throws {
      // No quotes: half of them typed at a guest that is still booting would swallow every later try.
      try type("clear; printf \\\\033[\(colour.rawValue)m\\\\033[2J\\\\033[H", viewer, within: seconds) {
        Self.share(of: colour.pixel, in: $0) > 0.8
      }
    }

    @Test(
      .enabled(if: hasGuest, "no guest image (Tests/Rig/guest-image.sh 6.1)"),
      arguments: QEMUInstallation.all.filter(\.isThere))
    func `a viewer stays through boot, reboot and the end of its VM`(_ installation: QEMUInstallation) throws {
      let machine = try QEMUMachine(
        installation,
        [
          "-vga", "std", "-usb", "-device", "usb-tablet", "-kernel", "%/vmlinuz", "-initrd", "%/initrd", "-append",
          "console=tty1 panic=1",
        ])
      for file in ["vmlinuz", "initrd"] {
        try FileManager.default.copyItem(
          atPath: "\(Self.guest)/\(file)", toPath: "\(machine.folderOutside)/\(file)")
      }
      try machine.start()
      try serving("qemu:\(machine.socketPath)") { display, _ in
        let viewer = try RFBTestClient(
          display.address, .init(Encoding.tight, Encoding.extendedDesktopSize, Encoding.desktopSize))
        // Light grey letters: what a kernel says while it boots.
        try viewer.follow(within: 60) { (0.005...0.5).contains(Self.share(of: 0xAAAAAA, in: $0.picture)) }
        try paint(.blue, viewer, within: 90)

        try type("reboot -f", viewer, within: 90) { Self.share(of: Colour.blue.pixel, in: $0) < 0.1 }
        try paint(.green, viewer, within: 90)

        machine.kill()
        // A card says that the VM is off.
        try viewer.follow(within: 10) { Self.share(of: Colour.green.pixel, in: $0.picture) < 0.01 }
        try machine.start()
        try paint(.red, viewer, within: 90)
      }
    }
  }
}
