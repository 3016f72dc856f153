// A person behind guacd uses the demo guest: looks, types, clicks, changes the resolution.
import TestSupport
import Testing

extension RealPeers {
  @Suite(
    .tags(.peer), .enabled(if: GuacamoleServer.isThere, "\(GuacamoleServer.howToGet)"))
  struct GuacamoleDemoTests {
    private static let spec = "vgpu:demo?size=1024x768"
    private let desktop = DemoScreen(width: 1024, height: 768)

    /// A viewer without guacd, for comparison, once the guest has turned its display on.
    private func viewer(_ address: ServerAddress, password: String? = Passwords.full) throws -> RFBTestClient {
      let viewer = try RFBTestClient(
        address,
        RFBTestClient.Options(
          Encoding.zrle, Encoding.richCursor, Encoding.pointerPosition, Encoding.desktopSize,
          Encoding.extendedDesktopSize, password: password))
      _ = try viewer.wholePicture()
      // Until then there is a status card, which has few colours.
      try viewer.follow(within: 20) { desktop.video(in: $0.picture).colours > 1000 }
      return viewer
    }

    /// A demo in which nothing moves any more, and a viewer that sees to that.
    private func withStillDemo(_ body: (GuacamoleServer, ServedDisplay, RFBTestClient) throws -> Void) throws {
      try Guacamole.fronting(Self.spec) { guacd, display in
        let viewer = try viewer(display.address)
        try viewer.press(DemoScreen.staticKey)
        _ = try viewer.settledPicture()
        try body(guacd, display, viewer)
      }
    }

    /// What the keyboard window looks like before somebody without guacd has typed `text`, and after.
    private func keyboard(typing text: [Int]) throws -> (empty: Picture, typed: Picture) {
      try serving(Self.spec) { display, _ in
        let viewer = try viewer(display.address, password: nil)
        try viewer.press(DemoScreen.staticKey)
        let empty = desktop.keyboard(in: try viewer.settledPicture())
        for keysym in text { try viewer.press(keysym) }
        return (empty, desktop.keyboard(in: try viewer.settledPicture()))
      }
    }

    @Test func `the still desktop comes through exactly, with a pointer of its own`() throws {
      try withStillDemo { guacd, display, viewer in
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { $0.picture.width == 1024 }
        try probe.settle()
        Guacamole.keep(probe.picture, "guacd-demo")
        #expect(probe.area["image/jpeg"] == nil)
        #expect(probe.picture.differences(from: try viewer.settledPicture()) == 0)
        let cursor = try #require(probe.cursor)
        #expect(cursor.pixels.contains { $0 >> 31 == 1 } && cursor.pixels.contains { $0 >> 31 == 0 })
        #expect(probe.unknown.isEmpty)
      }
    }

    @Test func `a desktop that moves is exact where it is still and close where guacd chose JPEG`() throws {
      try Guacamole.fronting(Self.spec) { guacd, display in
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { $0.frames > 20 }
        for isDown in [true, false] { try probe.key(DemoScreen.staticKey, isDown: isDown) }
        try probe.settle()
        let expected = try viewer(display.address).settledPicture()
        Guacamole.keep(probe.picture, "guacd-moving")
        #expect(desktop.keyboard(in: probe.picture).differences(from: desktop.keyboard(in: expected)) == 0)
        #expect(desktop.video(in: probe.picture).psnr(to: desktop.video(in: expected)) >= 33)
        #expect(probe.picture.psnr(to: expected) >= 33)
      }
    }

    @Test func `what is typed arrives as from any other viewer, capitals, umlauts and the euro sign included`() throws {
      let keysyms = [0x48, 0x69, 0x20, 0xc4, 0xe4, 0x20ac, 0xdf, 0x21]
      let (empty, typed) = try keyboard(typing: keysyms)
      #expect(empty.differences(from: typed) > 0)
      try withStillDemo { guacd, display, _ in
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { desktop.keyboard(in: $0.picture) == empty }
        try probe.type("Hi Ää€ß!")
        try probe.follow { desktop.keyboard(in: $0.picture) == typed }
        Guacamole.keep(probe.picture, "guacd-typed")
      }
    }

    @Test func `the view-only password shows everything and moves nothing`() throws {
      let (empty, typed) = try keyboard(typing: [0x7a])
      try withStillDemo { guacd, display, viewer in
        let looker = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.viewOnly])
        try looker.follow { desktop.keyboard(in: $0.picture) == empty }
        try looker.type("Quiet")
        let button = desktop.button(width: 1280, height: 800)
        try looker.click(x: button.x, y: button.y)
        try looker.settle()
        #expect(desktop.keyboard(in: looker.picture).differences(from: empty) == 0)
        #expect(looker.picture.width == 1024)
        // One who may type does, and nothing of the other's comes with it.
        let writer = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try writer.follow { $0.picture.width == 1024 }
        try writer.type("z")
        for user in [writer, looker] { try user.follow { desktop.keyboard(in: $0.picture) == typed } }
        #expect(looker.picture.differences(from: writer.picture) == 0)
      }
    }

    @Test func `a change of resolution is followed, whoever asked for it`() throws {
      try withStillDemo { guacd, display, viewer in
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { $0.picture.width == 1024 }
        let button = desktop.button(width: 1280, height: 800)
        try probe.click(x: button.x, y: button.y)
        try expect(probe, viewer, toShow: (1280, 800))
        try viewer.setDesktopSize(width: 800, height: 600)
        try expect(probe, viewer, toShow: (800, 600))
        Guacamole.keep(probe.picture, "guacd-resized")
      }
    }

    /// Both come to show the same picture of that size.
    private func expect(_ probe: GuacamoleProbe, _ viewer: RFBTestClient, toShow size: (width: Int, height: Int)) throws
    {
      try viewer.follow { $0.picture.width == size.width && $0.picture.height == size.height }
      try probe.follow { $0.picture.width == size.width && $0.picture.height == size.height }
      let expected = try viewer.settledPicture()
      try probe.settle()
      #expect(probe.picture.differences(from: expected) == 0)
    }
  }
}
