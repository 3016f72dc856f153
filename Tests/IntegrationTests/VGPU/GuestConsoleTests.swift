// Stock Linux guests on our vGPU: every kernel, connector and platform once, seen by a viewer as the guest sees itself.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  @Suite(.tags(.peer)) struct GuestConsoleTests {
    struct Machine: Sendable, CustomTestStringConvertible {
      let kernel: GuestKernel
      let platform: String
      let connector: String
      var hasUEFI = false
      var testDescription: String { "\(kernel), \(platform), \(connector)\(hasUEFI ? ", UEFI" : "")" }

      func start() throws -> ServedGuest {
        var settings = VGPUGuest.Settings(kernel)
        settings.hasUEFI = hasUEFI
        return try ServedGuest(settings, "platform=\(platform)&connector=\(connector)&size=1024x768")
      }
    }

    /// Two at a time, which is what two cores carry.
    static let pairs: [[Machine]] = [
      [
        Machine(kernel: .bookworm, platform: "skl", connector: "dp"),
        Machine(kernel: .trixie, platform: "bdw", connector: "dp"),
      ],
      [
        Machine(kernel: .bookworm, platform: "bdw", connector: "hdmi"),
        Machine(kernel: .trixie, platform: "kbl", connector: "hdmi", hasUEFI: true),
      ],
      [
        Machine(kernel: .backports, platform: "cfl", connector: "hdmi"),
        Machine(kernel: .backports, platform: "bdw", connector: "dp"),
      ],
    ]

    @Test(.needsGuests(GuestKernel.allCases), arguments: pairs)
    func `stock kernels light up their screen, and it is on VNC`(_ machines: [Machine]) throws {
      let guests = try machines.map { try $0.start() }
      for (machine, served) in zip(machines, guests) {
        try served.use {
          try $0.guest.waitForBoot()
          try look(at: $0, machine)
        }
      }
    }

    private func look(at served: ServedGuest, _ machine: Machine) throws {
      let agent = try served.guest.agent
      let viewer = try served.viewer()
      #expect(try agent.run("uname -r").hasPrefix(machine.kernel.rawValue))
      // One connector has a monitor, and it is of the kind that was asked for.
      let name = machine.connector == "dp" ? "DP" : "HDMI"
      let connectors = try agent.run("kms list").split(separator: "\n")
      let connected = connectors.filter { $0.contains(" connected") }
      #expect(connected.count == 1 && connected[0].contains("\(name)-1 connected 1024x768@60"), "\(connectors)")
      #expect(try agent.run("cat /sys/class/drm/card*-\(name)*-1/enabled") == "enabled")
      #expect(try agent.run("cat /sys/class/graphics/fb0/virtual_size") == "1024,768")

      try readConsole(served, viewer)
      try drive(served, viewer)
      try served.guest.expectNoComplaints()
      if machine.hasUEFI { #expect(try agent.run("dmesg").contains("EFI v2")) }
    }

    /// What was typed through VNC is on the console, and the picture holds the text that the kernel means to show.
    private func readConsole(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      let agent = try served.guest.agent
      try viewer.follow(within: 60) { served.consoleLines($0).contains { $0.hasPrefix("/ #") } }
      // The cursor would blink in and out of the picture.
      try agent.run("printf '\\033[2J\\033[H\\033[?25l' >/dev/tty1")
      try viewer.type("\ndmesg | tail -n 20; echo \"<{[$((6*7))]}> ~|& It's seen\"\n")
      try viewer.follow(within: 60) { served.consoleLines($0).contains("<{[42]}> ~|& It's seen") }
      _ = try viewer.settledPicture()
      let seen = served.consoleLines(viewer)
      // The console's own memory: a byte for each cell, without line ends.
      let meant = try agent.run("fold -w 128 /dev/vcs1").split(separator: "\n", omittingEmptySubsequences: false)
      served.keepPicture(viewer.picture, "console")
      #expect(seen.count == 48)
      for (row, line) in seen.enumerated() {
        let wanted = row < meant.count ? meant[row].trimmingCharacters(in: .whitespaces) : ""
        #expect(line.trimmingCharacters(in: .whitespaces) == wanted, "line \(row)")
      }
    }

    /// Flips arrive in time; pointer and sprite planes are where they belong.
    private func drive(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      let agent = try served.guest.agent
      let command = try agent.start(
        "kms fill 336699 flip 2 vblank 30 fill 336699 cursor 700 400 sprite 0 100 60 256 128 00ff00 sleep 4")
      try viewer.follow(within: 60) {
        $0.picture.at(200, 100) == 0x00ff00 && $0.picture.at(900, 700) == 0x336699 && $0.cursor?.width == 64
      }
      let picture = try viewer.settledPicture()
      served.keepPicture(picture, "planes")
      // A sprite covers exactly its rectangle.
      for (x, y) in [(100, 60), (355, 60), (100, 187), (355, 187)] { #expect(picture.at(x, y) == 0x00ff00) }
      for (x, y) in [(99, 60), (356, 60), (100, 59), (100, 188)] { #expect(picture.at(x, y) == 0x336699) }
      // The pointer is the viewer's business, with its half-transparent shadow.
      #expect(picture.at(705, 420) == 0x336699)
      let cursor = try #require(viewer.cursor)
      #expect(cursor.pixels[20 * cursor.width + 5] == 0xffff_40ff)
      #expect(Set(cursor.pixels.map { $0 >> 24 }) == [0, 0x80, 0xff])

      let (status, output) = try agent.finish(command, within: 60)
      #expect(status == 0, "\(output)")
      let rates = output.matches(of: /, ([0-9.]+)\/s/).compactMap { Double($0.1) }
      // Guests that are emulated on a busy machine may be late with frames, never early.
      #expect(rates.count == 2 && rates.allSatisfy { (1...63).contains($0) }, "\(output)")
    }
  }
}
