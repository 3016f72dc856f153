// The demo in real viewers: in its static mode every pixel is known, and what is typed into a viewer appears.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite struct DemoTests {
    static let spec = "vgpu:demo?size=1024x768"
    static let f2 = 0xffbf

    /// Switches to the static mode and returns what the screen shows then, without the pointer.
    private func still(_ client: RFBTestClient) throws -> Picture {
      try client.press(Self.f2)
      return try client.settledPicture()
    }

    private func watcher(_ display: ServedDisplay) throws -> RFBTestClient {
      try RFBTestClient(
        display.address, .init(Encoding.zrle, Encoding.richCursor, Encoding.extendedDesktopSize, Encoding.desktopSize))
    }

    @Test(.needs("Xvfb", "xtigervncviewer", "xtightvncviewer", "gvncviewer", "import", "xdotool"))
    func `the demo stands in every real viewer as it is`() throws {
      try serving(Self.spec) { display, folder in
        let client = try watcher(display)
        let expected = try still(client)
        #expect(expected.colours > 1000, "the desktop has a photo-like area")
        let pointed = try RFBTestClient(display.address, .init(Encoding.zlib)).settledPicture()
        let lossless = [
          WindowedViewer.tiger("Tight"), .tiger("ZRLE"), .tiger("Hextile"), .tiger("Raw"), .tightWithServersPointer,
        ]
        for viewer in lossless {
          let screen = try VirtualScreen(in: folder)
          defer { screen.end() }
          _ = try screen.xdotool("mousemove", "1399", "999")
          let running = try viewer.start(display.address, on: screen, in: folder)
          defer { running.end() }
          let wanted = viewer.description.contains("pointer") ? pointed : expected
          #expect(try screen.shows(wanted).isShown, "\(viewer)")
        }
        let lossy = [WindowedViewer.tiger("Tight", quality: 8), .gtk]
        let jpeg = try RFBTestClient(display.address, .init(Encoding.tight, Encoding.quality(6), Encoding.richCursor))
        let sample = try #require(expected.landmark(exactIn: try jpeg.settledPicture()))
        for viewer in lossy {
          let screen = try VirtualScreen(in: folder)
          defer { screen.end() }
          _ = try screen.xdotool("mousemove", "1399", "999")
          let running = try viewer.start(display.address, on: screen, in: folder)
          defer { running.end() }
          #expect(try screen.likeness(to: expected, sample: sample, atLeast: 33) >= 33, "\(viewer)")
        }
      }
    }

    @Test(.needs("Xvfb", "xtigervncviewer", "import", "xdotool"))
    func `what is typed into TigerVNC's window appears in it`() throws {
      try serving(Self.spec) { display, folder in
        let client = try watcher(display)
        let before = try still(client)
        let screen = try VirtualScreen(in: folder)
        defer { screen.end() }
        let running = try WindowedViewer.tiger("Tight").start(display.address, on: screen, in: folder)
        defer { running.end() }
        #expect(try screen.shows(before, within: 5).isShown || running.isRunning)
        // Nothing manages windows here, so the viewer is given the focus by hand, and by a click on its lower edge.
        let window =
          try screen.xdotool("search", "--onlyvisible", "--name", "TigerVNC").split(separator: "\n").last ?? ""
        _ = try screen.xdotool("windowfocus", String(window), "mousemove", "1000", "780", "click", "1")
        let clicked = try client.settledPicture()
        _ = try screen.xdotool("type", "--delay", "60", "Hello, 5%")
        let typed = try client.settledPicture()
        #expect(typed != clicked, "what is typed appears")
        #expect(try screen.shows(typed).isShown)
      }
    }

    @Test(.needs(Project.vncdotool, "vncsnapshot"))
    func `vncdotool and vncsnapshot capture the demo, and vncdotool types into it`() throws {
      try serving(Self.spec) { display, folder in
        let client = try watcher(display)
        let before = try still(client)
        try vncdo(display.address, ["type", "vncdotool"])
        let after = try client.settledPicture()
        #expect(before != after)
        try vncdo(display.address, ["capture", folder.path("seen.png")])
        #expect(try Picture(file: folder.path("seen.png")).differences(from: after) == 0)
        let snapshot = try vncsnapshot(display.address, ["-encodings", "tight", "-nojpeg", "-nocursor"], in: folder)
        #expect(snapshot.psnr(to: after) >= 30)
      }
    }

    @Test func `a viewer's resize reaches the guest and every viewer`() throws {
      try serving(Self.spec) { display, _ in
        let first = try watcher(display)
        let second = try RFBTestClient(
          display.address, .init(Encoding.tight, Encoding.desktopSize, Encoding.richCursor))
        _ = try first.wholePicture()
        _ = try second.wholePicture()
        #expect(first.screens.allSatisfy { $0.id != 0 })
        try first.setDesktopSize(width: 800, height: 600, screen: 0x0100_0000)
        try first.follow { $0.picture.width == 800 && $0.picture.height == 600 }
        try second.follow { $0.picture.width == 800 && $0.picture.height == 600 }
        let shown = try still(first)
        #expect(try second.settledPicture() == shown)
      }
    }

    @Test func `eight viewers of mixed encodings see the same demo`() throws {
      try serving(Self.spec) { display, _ in
        let expected = try still(try watcher(display))
        for options in MixedViewersTests.wanted {
          var options = options
          options.encodings.append(Encoding.richCursor)
          let client = try RFBTestClient(display.address, options)
          let isLossy = options.encodings.contains { (-32 ... -23).contains($0) } || options.layout.bits < 32
          #expect(try client.settledPicture().psnr(to: expected) >= (isLossy ? 33 : 1000), "\(options.encodings)")
        }
      }
    }
  }
}

extension Picture {
  /// A part that is there only once and comes exactly even where photos are JPEG, such as text.
  func landmark(exactIn other: Picture) -> (x: Int, y: Int, width: Int, height: Int)? {
    for y in stride(from: 0, to: height - 24, by: 24) {
      for x in stride(from: 0, to: width - 160, by: 80) {
        let part = cropped(x: x, y: y, width: 160, height: 24)
        guard part.colours >= 6, part == other.cropped(x: x, y: y, width: 160, height: 24) else { continue }
        if let place = place(of: part), place == (x, y) { return (x, y, 160, 24) }
      }
    }
    return nil
  }
}
