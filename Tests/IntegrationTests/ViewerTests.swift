// Real viewers show a still display as it is: exactly where the encoding is lossless, closely where it is JPEG.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite struct ViewerTests {
    let expected = Picture.mixed(width: 800, height: 600)

    @Test(
      .needs("Xvfb", "xtigervncviewer", "xtightvncviewer", "import"),
      arguments: [
        WindowedViewer.tiger("Tight"), .tiger("ZRLE"), .tiger("Hextile"), .tiger("Raw"), .tight("tight"),
        .tight("zlib"), .tight("hextile"), .tight("raw"),
      ])
    func `a viewer with a lossless encoding shows every pixel`(viewer: WindowedViewer) throws {
      try serving(inFolder: { try expected.plane(in: $0) }) { display, folder in
        let screen = try VirtualScreen(in: folder)
        defer { screen.end() }
        let running = try viewer.start(display.address, on: screen, in: folder)
        defer { running.end() }
        let seen = try screen.shows(expected)
        #expect(seen.isShown, "\(viewer); \(running.errors.suffix(500))")
      }
    }

    @Test(
      .needs("Xvfb", "xtigervncviewer", "xtightvncviewer", "gvncviewer", "import"),
      arguments: [
        WindowedViewer.tiger("Tight", quality: 8), .tiger("Tight", quality: 6), .tight("tight", quality: 9), .gtk,
      ])
    func `a viewer with JPEG shows a close likeness`(viewer: WindowedViewer) throws {
      try serving(inFolder: { try expected.plane(in: $0) }) { display, folder in
        let screen = try VirtualScreen(in: folder)
        defer { screen.end() }
        let running = try viewer.start(display.address, on: screen, in: folder)
        defer { running.end() }
        let likeness = try screen.likeness(to: expected, sample: expected.textSample, atLeast: 33)
        #expect(likeness >= 33, "\(viewer); \(running.errors.suffix(500))")
      }
    }

    @Test(
      .needs("vncsnapshot"),
      arguments: [
        ["-encodings", "tight", "-nojpeg"], ["-encodings", "hextile"], ["-encodings", "raw"], ["-vncQuality", "8"],
      ])
    func `vncsnapshot saves the picture`(options: [String]) throws {
      try serving(inFolder: { try expected.plane(in: $0) }) { display, folder in
        // It writes JPEG at its best quality with subsampled colours, which alone costs what is missing here.
        let own = folder.path("own.jpg")
        try expected.write(to: folder.path("own.ppm"))
        _ = try runToEnd("convert", [folder.path("own.ppm"), "-sampling-factor", "2x2", "-quality", "100", own])
        let ceiling = try Picture(file: own).psnr(to: expected)
        let likeness = try vncsnapshot(display.address, options, in: folder).psnr(to: expected)
        #expect(likeness >= min(33, ceiling - 0.5), "\(options): \(likeness) dB of \(ceiling)")
      }
    }

    @Test(.needs(Project.vncdotool)) func `vncdotool captures every pixel`() throws {
      try serving(inFolder: { try expected.plane(in: $0) }) { display, folder in
        try vncdo(display.address, ["capture", folder.path("captured.png")])
        #expect(try Picture(file: folder.path("captured.png")).differences(from: expected) == 0)
      }
    }

    @Test func `a screenshot holds every pixel`() throws {
      let folder = try TemporaryFolder()
      let spec = try expected.plane(in: folder)
      let result = try runToEnd(Project.program, ["screenshot", spec, "-o", folder.path("shot.png")])
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Picture(file: folder.path("shot.png")).differences(from: expected) == 0)
    }

    @Test(arguments: [Encoding.raw, Encoding.hextile, Encoding.zlib, Encoding.tight, Encoding.zrle])
    func `every pixel format is served in every encoding`(encoding: Int32) throws {
      let small = Picture.mixed(width: 300, height: 200)
      try serving(inFolder: { try small.plane(in: $0) }) { display, _ in
        for layout in [PixelLayout.standard, .bigEndian, .reversed, .rgb565, .bgr233] {
          var options = RFBTestClient.Options(encoding)
          options.layout = layout
          let likeness = try RFBTestClient(display.address, options).wholePicture().psnr(to: small)
          let wanted = layout.bits == 32 ? 1000.0 : layout.bits == 16 ? 30 : 14
          #expect(likeness >= wanted, "\(layout)")
        }
      }
    }

    @Test(arguments: ["003.003", "003.007", "003.008", "003.889"])
    func `every protocol version is spoken`(version: String) throws {
      let small = Picture.mixed(width: 100, height: 80)
      try serving(inFolder: { try small.plane(in: $0) }) { display, _ in
        var options = RFBTestClient.Options(Encoding.raw)
        options.version = version
        let seen = try RFBTestClient(display.address, options).wholePicture()
        #expect(seen == small)
      }
    }
  }
}
