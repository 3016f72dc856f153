// Debian's own kernels find the vGPU, light it up and show their console on it: nothing in the guest is ours.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  private static let missing = GuestImages.whatIsMissing(kernels: GuestKernel.allCases)

  @Suite(.tags(.peer), .enabled(if: missing == nil, "\(missing ?? "")"))
  struct StockKernelTests {
    struct Case: Sendable, CustomTestStringConvertible {
      let kernel: GuestKernel
      let platform: String
      let connector: String
      let size: String
      var testDescription: String { "\(kernel), \(platform), \(connector), \(size)" }
    }

    /// Each kernel, platform, connector and size at least once, and each kernel on both generations.
    private static let cases = [
      Case(kernel: .bookworm, platform: "skl", connector: "dp", size: "1024x768"),
      Case(kernel: .bookworm, platform: "bdw", connector: "hdmi", size: "1920x1080"),
      Case(kernel: .trixie, platform: "bdw", connector: "dp", size: "1280x800"),
      Case(kernel: .trixie, platform: "kbl", connector: "hdmi", size: "1366x768"),
      Case(kernel: .backports, platform: "cfl", connector: "dp", size: "1920x1080"),
      Case(kernel: .backports, platform: "bdw", connector: "hdmi", size: "1024x768"),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: cases)
    func `a stock kernel's console is read off the picture`(_ example: Case) throws {
      let words = "platform=\(example.platform)&connector=\(example.connector)&size=\(example.size)"
      try ServedGuest(.init(example.kernel), words).use { served in
        let viewer = try served.viewer()
        try served.guest.waitForBoot()
        let agent = try served.guest.agent
        let states = try agent.run("cat /sys/class/drm/card*-*/status").split(separator: "\n")
        #expect(states.filter { $0 == "connected" }.count == 1, "\(states)")
        let connected = try agent.run("grep -lx connected /sys/class/drm/card*-*/status")
        #expect(connected.contains(example.connector == "dp" ? "-DP-" : "-HDMI-"), "\(connected)")
        #expect(try agent.run("cat /sys/class/graphics/fb0/name").contains("i915"))

        let sentence = "Read me: {[<|>]} 0123456789 AaZz"
        try agent.run("echo '\(sentence)' >/dev/tty1")
        let font = try ConsoleFont(example.kernel.folder + "/font.psf")
        try viewer.follow(within: 60) { viewer in
          "\(viewer.picture.width)x\(viewer.picture.height)" == example.size
            && font.lines(in: viewer.picture).contains { $0.contains(sentence) }
        }
        try lookAtPlanes(agent, viewer)
        #expect(try served.guest.complaints() == [])
      }
    }

    /// A sprite plane over the primary one, a cursor plane, page flips.
    private func lookAtPlanes(_ agent: GuestAgent, _ viewer: RFBTestClient) throws {
      let shown = try agent.start("kms fill 003366 sprite 0 200 120 128 96 ff0000 cursor 400 300 sleep 8")
      try viewer.follow(within: 40) { viewer in
        let picture = viewer.picture
        func pixel(_ x: Int, _ y: Int) -> UInt32 { picture.pixels[y * picture.width + x] }
        return pixel(10, 700) == 0x003366 && pixel(202, 140) == 0xff0000 && pixel(326, 212) == 0xff0000
          && pixel(198, 140) == 0x003366 && pixel(330, 212) == 0x003366
      }
      try viewer.follow(within: 20) { $0.cursor.map { $0.width == 64 && $0.height == 64 } == true }
      #expect(try agent.finish(shown, within: 60).status == 0)
      let flips = try agent.run("kms flip 2", within: 60)
      #expect(flips.contains("flips "), "\(flips)")
    }
  }
}
