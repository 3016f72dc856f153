// The client that tests are made of, against a server that is not ours: what it decodes wrongly would prove nothing.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite(.needs("Xtigervnc", "display", "convert")) struct TestClientTests {
    @Test func `the test client decodes what TigerVNC's server encodes`() throws {
      let folder = try TemporaryFolder()
      let (server, address, screen) = try tigerServer(in: folder)
      defer { server.end() }
      let expected = Picture.mixed(width: 320, height: 200)
      try expected.write(to: folder.path("root.ppm"))
      _ = try runToEnd("display", ["-display", screen, "-window", "root", folder.path("root.ppm")])
      for encoding in [Encoding.raw, Encoding.hextile, Encoding.tight, Encoding.zrle] {
        for layout in [PixelLayout.standard, .bigEndian, .rgb565] {
          var options = RFBTestClient.Options(encoding, Encoding.lastRect, Encoding.fence, Encoding.extendedDesktopSize)
          options.layout = layout
          let likeness = try RFBTestClient(address, options).wholePicture().psnr(to: expected)
          #expect(likeness > (layout.bits == 32 ? 1000 : 30), "encoding \(encoding), \(layout.bits) bits")
        }
      }
    }

    private func tigerServer(in folder: TemporaryFolder) throws -> (RunningProgram, ServerAddress, String) {
      for number in 60..<90 where access("/tmp/.X11-unix/X\(number)", F_OK) != 0 {
        let arguments = ["-rfbport", "\(5900 + number)", "-geometry", "320x200", "-depth", "24", "-localhost"]
        let security = ["-SecurityTypes", "None", "-AlwaysShared", "-ac", ":\(number)"]
        let server = try RunningProgram("Xtigervnc", arguments + security, in: folder)
        let address = ServerAddress.tcp(port: 5900 + number)
        if poll(for: 10, until: { !server.isRunning || (try? Connection(to: address)) != nil }), server.isRunning {
          return (server, address, ":\(number)")
        }
        server.end()
      }
      throw TestFailure("no free display number for Xtigervnc")
    }
  }
}
