// Debian's own kernels find the vGPU, light it up and show their console on it: nothing in the guest is ours.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  @Suite(.tags(.peer), .enabled(if: VGPUGuest.missing == nil, "\(VGPUGuest.missing ?? "")"))
  struct StockKernelTests {
    struct Case: Sendable, CustomTestStringConvertible {
      let kernel: GuestKernel
      let platform: String
      let connector: String
      let size: String
      var testDescription: String { "Linux \(kernel.rawValue), \(platform), \(connector), \(size)" }
    }

    /// Each kernel, platform, connector and size at least once, and each kernel on both generations.
    private static let cases = [
      Case(kernel: .linux6_1, platform: "skl", connector: "dp", size: "1024x768"),
      Case(kernel: .linux6_1, platform: "bdw", connector: "hdmi", size: "1920x1080"),
      Case(kernel: .linux6_12, platform: "bdw", connector: "dp", size: "1280x800"),
      Case(kernel: .linux6_12, platform: "kbl", connector: "hdmi", size: "1366x768"),
      Case(kernel: .linux7, platform: "cfl", connector: "dp", size: "1920x1080"),
      Case(kernel: .linux7, platform: "bdw", connector: "hdmi", size: "1024x768"),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: cases)
    func `a stock kernel's console is read off the picture`(_ example: Case) throws {
      let guest = try VGPUGuest(.init(example.kernel))
      let spec =
        "vgpu:\(guest.socketPath)?platform=\(example.platform)&connector=\(example.connector)&size=\(example.size)"
      try serving(spec) { display, _ in
        try guest.start()
        let viewer = try RFBTestClient(
          display.address,
          .init(Encoding.zrle, Encoding.richCursor, Encoding.extendedDesktopSize, Encoding.desktopSize))
        try guest.waitUntilReady()
        let states = try guest.run("cat /sys/class/drm/card*-*/status").split(whereSeparator: \.isNewline)
        #expect(states.filter { $0 == "connected" }.count == 1, "\(states)")
        let connected = try guest.run("grep -lx connected /sys/class/drm/card*-*/status")
        #expect(connected.contains(example.connector == "dp" ? "-DP-" : "-HDMI-"), "\(connected)")
        #expect(try guest.run("cat /sys/class/graphics/fb0/name").contains("i915"))

        try guest.run("echo 'Read me: {[<|>]} 0123456789 AaZz' >/dev/tty1")
        let reader = try ConsoleReader(kernel: example.kernel)
        try viewer.follow(within: 60) { viewer in
          "\(viewer.picture.width)x\(viewer.picture.height)" == example.size
            && reader.contains("Read me: {[<|>]} 0123456789 AaZz", in: viewer.picture)
        }
        try look(at: guest, through: viewer)
        #expect(try guest.faults() == [])
      }
    }

    /// A sprite plane over the primary one, page flips and a cursor plane.
    private func look(at guest: VGPUGuest, through viewer: RFBTestClient) throws {
      try guest.begin("kms fill 003366 sprite 0 200 120 128 96 ff0000 cursor 400 300 sleep 20")
      try viewer.follow(within: 40) { viewer in
        let picture = viewer.picture
        func pixel(_ x: Int, _ y: Int) -> UInt32 { picture.pixels[y * picture.width + x] }
        return pixel(10, 700) == 0x003366 && pixel(202, 140) == 0xff0000 && pixel(326, 212) == 0xff0000
          && pixel(198, 140) == 0x003366 && pixel(330, 212) == 0x003366
      }
      #expect(viewer.cursor.map { "\($0.width)x\($0.height)" } == "64x64")
      try guest.run("pkill kms; sleep 1")
      let flips = try guest.run("kms flip 2")
      #expect(flips.contains("flips "), "\(flips)")
    }
  }
}
