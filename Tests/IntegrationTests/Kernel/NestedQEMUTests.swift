// A QEMU that runs with an unmodified command line in a host VM: its firmware's text is captured from outside, keys
// reach it, and killing it leaves nothing behind that would be in its successor's way.
import TestSupport
import Testing

extension RealPeers.Kernel {
  @Suite(.needs("qemu-system-x86_64")) struct NestedQEMUTests {
    private let font: ConsoleFont

    init() throws { font = try NestedQEMU.font() }

    /// Follows the picture until one of its lines begins with `text`.
    private func wait(
      for text: String, _ viewer: RFBTestClient, _ guest: NestedQEMU, within seconds: Double = 60
    ) throws {
      do {
        try viewer.follow(within: seconds) { viewer in
          font.lines(in: viewer.picture).contains { $0.hasPrefix(text) }
        }
      } catch {
        let lines = font.lines(in: viewer.picture).filter { !$0.isEmpty }
        throw TestFailure("'\(text)': \(error); seen: \(lines.prefix(12)); QEMU: \(guest.errors)")
      }
    }

    /// Every cell is a letter of the firmware's font, and nothing else is on the screen: the picture is exact.
    private func expectNothingButText(_ viewer: RFBTestClient) throws {
      let lines = font.lines(in: viewer.picture)
      // The cursor blinks in one cell.
      let strange = lines.reduce(0) { $0 + $1.count { $0 == "\u{fffd}" } }
      #expect(strange <= 1, "\(lines.filter { !$0.isEmpty })")
      #expect(lines.contains { $0.hasPrefix("SeaBIOS (version ") }, "\(lines.prefix(4))")
    }

    /// Runs `body` with an mdev, and removes it afterwards: nobody may hold it then.
    private func withMdev(_ body: (HostVM, String) throws -> Void) throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = try vm.makeMdev("mbochs-medium")
      try body(vm, uuid)
      try vm.removeMdev(uuid)
    }

    private func viewer(of display: HostDisplay) throws -> RFBTestClient {
      try display.viewer(.init(Encoding.tight, Encoding.extendedDesktopSize, Encoding.desktopSize))
    }

    @Test func `a running VM's firmware is seen and typed at, and again after the VM was killed and started anew`()
      throws
    {
      try withMdev { vm, uuid in
        let guest = try NestedQEMU("nested", on: uuid, in: vm)
        try guest.start()
        try vm.serve("vfio:\(uuid)").use { display in
          let viewer = try viewer(of: display)
          try wait(for: "Press ESC for boot menu.", viewer, guest)
          try expectNothingButText(viewer)
          try viewer.press(0xff1b)
          try wait(for: "Select boot device:", viewer, guest)
          try wait(for: "1. ata0-0: QEMU HARDDISK", viewer, guest)
          // SeaBIOS takes a choice that comes sooner for impatience.
          _ = poll(for: 2) { false }
          try viewer.press(0x31)
          try wait(for: "Booting from Hard Disk...", viewer, guest)
          try viewer.type("keys by qmp")
          try wait(for: "keys by qmp", viewer, guest)

          guest.kill()
          try guest.start()
          try viewer.follow(within: 60) { viewer in
            !font.lines(in: viewer.picture).contains { $0.hasPrefix("keys by qmp") }
          }
          try wait(for: "Press ESC for boot menu.", viewer, guest)
          try expectNothingButText(viewer)
          #expect(guest.isRunning && !guest.errors.contains("busy"), "\(guest.errors)")
          guest.kill()
        }
      }
    }

    @Test
    func `a VM that is known by its name comes on when it is started, and its vGPU is free at once when it is killed`()
      throws
    {
      try withMdev { vm, uuid in
        let guest = try NestedQEMU("by-name", on: uuid, in: vm)
        try vm.serve("vfio:vm=by-name").use { display in
          let viewer = try viewer(of: display)
          _ = try viewer.wholePicture()
          try guest.start()
          try wait(for: "Press ESC for boot menu.", viewer, guest)
          guest.kill()
          // Another VMM, without waiting; a second is for the programs' own start.
          let opened = try vm.run("for i in 1 2 3 4 5; do vfio-draw \(uuid) quit && exit 0; sleep 0.2; done; exit 1")
          #expect(opened.status == 0, "\(opened.output)")
        }
      }
    }
  }
}
