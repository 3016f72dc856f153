// A stock Xorg with a window manager on our vGPU, used through VNC: pointer, keys, windows, and resizing.
import Foundation
import TestSupport
import Testing

extension RealPeers {
  @Suite(.tags(.peer)) struct GuestDesktopTests {
    /// Colours and places of Tests/Rig/guest/session.
    private let desk: UInt32 = 0x4682b4
    private let left = (colour: UInt32(0), x: 200, y: 150)
    private let right = (colour: UInt32(0x000080), x: 600, y: 450)

    @Test(.needsGuests([.bookworm], desktop: true))
    func `a stock X desktop is used through VNC, and follows the viewer's size`() throws {
      var settings = VGPUGuest.Settings(.bookworm)
      settings.hasDesktop = true
      settings.memory = "1G"
      try ServedGuest(settings, "platform=kbl&connector=dp&size=1280x800").use { served in
        try served.guest.waitForBoot()
        let viewer = try served.viewer()
        // Windows have their frames when the window manager is there.
        try served.see("windows with frames", viewer, within: 120) {
          let picture = $0.picture
          return picture.at(1200, 700) == desk && picture.at(10, 10) == desk
            && picture.at(left.x, left.y) == left.colour
            && picture.at(right.x, right.y) == right.colour && picture.at(100, 70) & 0xc0c0c0 == 0xc0c0c0
        }
        try point(served, viewer)
        try type(served, viewer)
        try drag(served, viewer)
        served.keepPicture(viewer.picture, "desktop")
        try resize(served, viewer)
        try served.guest.expectNoComplaints()
      }
    }

    /// The guest's pointer plane is the viewer's own pointer: shape by shape, and never in the picture.
    private func point(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      try viewer.pointer(x: 1000, y: 650)
      try served.see("a pointer over the desktop", viewer, within: 10) {
        $0.cursor?.pixels.contains { $0 >> 24 != 0 } == true
      }
      let before = try viewer.settledPicture(quiet: 1)
      let overDesk = try #require(viewer.cursor)
      try viewer.pointer(x: right.x, y: right.y)
      try served.see("another pointer over a terminal", viewer, within: 10) {
        $0.cursor.map { $0.pixels != overDesk.pixels } == true
      }
      let after = try viewer.settledPicture(quiet: 1)
      #expect(
        after.cropped(x: 900, y: 560, width: 300, height: 200)
          == before.cropped(x: 900, y: 560, width: 300, height: 200))
    }

    /// A click says which terminal the keys are for.
    private func type(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      let agent = try served.guest.agent
      for place in [left, right, left] {
        try viewer.click(x: place.x, y: place.y)
        // X moves the focus when the window manager gets round to it.
        _ = poll(for: 1) { false }
        try viewer.type("echo \"$TERMINAL <{[~|]}>\" >>/tmp/said; ls -l /etc\n")
        _ = try viewer.settledPicture(quiet: 1.5)
      }
      #expect(try agent.run("cat /desktop/tmp/said") == "left <{[~|]}>\nright <{[~|]}>\nleft <{[~|]}>")
      // Both terminals are full of letters.
      let picture = viewer.picture
      for place in [left, right] {
        let text = picture.cropped(x: place.x - 150, y: place.y - 40, width: 200, height: 80)
        #expect(text.pixels.count { $0 & 0xffffff == 0xffffff } > 300)
      }
    }

    /// A window goes where its title is dragged.
    private func drag(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      try viewer.pointer(x: 150, y: 70)
      try viewer.pointer(x: 150, y: 70, buttons: 1)
      for step in 1...10 {
        try viewer.pointer(x: 150 + step * 40, y: 70 + step * 2, buttons: 1)
        _ = poll(for: 0.05) { false }
      }
      try viewer.pointer(x: 550, y: 90)
      try served.see("a window that was dragged", viewer, within: 10) {
        $0.picture.at(60, 230) == desk && $0.picture.at(470, 250) == left.colour && $0.picture.at(300, 70) == desk
      }
    }

    private func resize(_ served: ServedGuest, _ viewer: RFBTestClient) throws {
      for (width, height) in [(1920, 1080), (1366, 768), (1280, 800)] {
        try viewer.setDesktopSize(width: width, height: height)
        try served.see("\(width)x\(height)", viewer, within: 40) {
          $0.picture.width == width && $0.picture.height == height && $0.picture.at(width - 3, height - 3) == desk
        }
        let modes = try served.guest.agent.run("chroot /desktop env DISPLAY=:0 xrandr | grep '[*]'")
        #expect(modes.contains("\(width)x\(height) "), "\(modes)")
        served.keepPicture(try viewer.settledPicture(), "\(width)x\(height)")
      }
      // The window manager knows the new size: its button fills the screen with the window.
      try viewer.click(x: 779, y: 90)
      try served.see("a window that fills the screen", viewer, within: 15) {
        $0.picture.at(1200, 700) == left.colour && $0.picture.at(1000, 400) == left.colour
      }
    }
  }
}
