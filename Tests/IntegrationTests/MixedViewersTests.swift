// Eight viewers on one display, no two alike, all with the right pixels while the display changes.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite struct MixedViewersTests {
    @Test func `eight viewers of mixed encodings all see the same display`() throws {
      let folder = try TemporaryFolder()
      let first = Picture.mixed(width: 640, height: 400)
      let spec = try first.plane(in: folder)
      let path = String(spec.dropFirst(4).prefix { $0 != "?" })
      try serving(spec) { display, _ in
        let clients = try Self.wanted.map { try RFBTestClient(display.address, $0) }
        for client in clients { check(client, try client.wholePicture(), first) }
        for seed: UInt32 in 2...4 {
          let next = Picture.mixed(width: 640, height: 400, seed: seed).rotatedColours(by: seed)
          try overwrite(path, next.xr24)
          for client in clients {
            try client.follow { like($0, $0.picture, next) }
            check(client, try client.wholePicture(), next)
          }
        }
      }
    }

    static var wanted: [RFBTestClient.Options] {
      var small = RFBTestClient.Options(Encoding.zrle)
      small.layout = .rgb565
      return [
        .init(Encoding.raw), .init(Encoding.hextile), .init(Encoding.zlib), .init(Encoding.zrle), .init(Encoding.tight),
        .init(Encoding.tight, Encoding.quality(6), Encoding.lastRect, Encoding.fence),
        .init(Encoding.tight, Encoding.quality(9), Encoding.compression(1), Encoding.extendedDesktopSize), small,
      ]
    }

    private func like(_ client: RFBTestClient, _ seen: Picture, _ expected: Picture) -> Bool {
      let isLossy = client.options.encodings.contains { (-32 ... -23).contains($0) } || client.options.layout.bits < 32
      return seen.psnr(to: expected) >= (isLossy ? 30 : 1000)
    }

    private func check(_ client: RFBTestClient, _ seen: Picture, _ expected: Picture) {
      #expect(like(client, seen, expected), "\(client.options.encodings): \(seen.psnr(to: expected)) dB")
    }
  }
}

extension Picture {
  /// The same shapes in other colours.
  func rotatedColours(by amount: UInt32) -> Picture {
    Picture(
      width: width, height: height, pixels: pixels.map { ($0 << (8 * (amount % 2)) ^ amount &* 0x10203) & 0xff_ffff })
  }
}

/// Writes into a file in place, as the process that draws a shared plane does.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  let descriptor = open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw TestFailure("cannot open \(path)") }
  defer { close(descriptor) }
  guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { throw TestFailure("cannot write \(path)") }
}
