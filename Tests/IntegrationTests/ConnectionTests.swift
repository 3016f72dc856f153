// What viewers may do wrong, and who may see and touch: another viewer never notices.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite struct ConnectionTests {
    let picture = Picture.mixed(width: 200, height: 150)

    @Test(.needs("vncpasswd", Project.vncdotool, "vncsnapshot"))
    func `passwords decide who sees the display`() throws {
      let folder = try TemporaryFolder()
      let full = try passwordFiles("Secret12", in: folder)
      let viewing = try passwordFiles("lookonly", in: folder)
      let options = ["--password-file", full.plain, "--view-only-password-file", viewing.plain]
      try serving(try picture.plane(in: folder), options) { display, folder in
        for password in ["Secret12", "lookonly"] {
          let client = try RFBTestClient(display.address, .init(Encoding.raw, password: password))
          #expect(client.offeredSecurity == [2])
          #expect(try client.wholePicture() == picture)
        }
        #expect(throws: TestFailure.self) { try RFBTestClient(display.address, .init(Encoding.raw, password: "wrong")) }
        try vncdo(display.address, ["capture", folder.path("seen.png")], password: "Secret12")
        #expect(try Picture(file: folder.path("seen.png")) == picture)
        let snapshot = try vncsnapshot(display.address, ["-nojpeg"], passwordFile: viewing.obfuscated, in: folder)
        #expect(snapshot.width == picture.width)
        // A password that changes counts for whoever comes next.
        try writeBytes(Array("Another1\n".utf8), to: full.plain)
        let changed = try RFBTestClient(display.address, .init(Encoding.raw, password: "Another1"))
        #expect(try changed.wholePicture() == picture)
        #expect(throws: TestFailure.self) {
          try RFBTestClient(display.address, .init(Encoding.raw, password: "Secret12"))
        }
      }
    }

    @Test func `a viewer that disconnects in the middle of any message is forgotten`() throws {
      try serving(inFolder: { try picture.plane(in: $0) }) { display, _ in
        let witness = try RFBTestClient(display.address, .init(Encoding.tight))
        let size = bytes16(picture.width) + bytes16(picture.height)
        let messages: [[UInt8]] = [
          [0, 0, 0, 0] + PixelLayout.standard.message, [2, 0, 0, 2] + bytes32(0) + bytes32(7),
          [3, 0, 0, 0, 0, 0] + size, [4, 1, 0, 0] + bytes32(0x61), [5, 1, 0, 10, 0, 10],
          [6, 0, 0, 0] + bytes32(5) + Array("hello".utf8), [9, 0, 0, 0],
          [150, 1, 0, 0, 0, 0] + size, [248, 0, 0, 0] + bytes32(1) + [4, 1, 2, 3, 4],
          [251, 0] + size + [1, 0] + bytes32(1) + bytes32(0) + size + bytes32(0),
          [255, 0, 0, 1] + bytes32(0x61) + bytes32(0x1e),
        ]
        for message in messages {
          for length in 1..<message.count where length == 1 || length == message.count - 1 || length % 5 == 0 {
            let victim = try RFBTestClient(display.address, .init(Encoding.raw))
            try victim.connection.write(Array(message[..<length]))
            if length % 2 == 0 { victim.connection.reset() }
          }
        }
        #expect(try witness.wholePicture() == picture)
        #expect(try RFBTestClient(display.address, .init(Encoding.zrle)).wholePicture() == picture)
      }
    }

    @Test func `a viewer that disconnects while it is sent pixels is forgotten`() throws {
      try serving(inFolder: { try Picture.mixed(width: 1600, height: 1200).plane(in: $0) }) { display, _ in
        for encoding in [Encoding.raw, Encoding.hextile, Encoding.zlib, Encoding.tight, Encoding.zrle] {
          for _ in 0..<4 {
            let victim = try RFBTestClient(display.address, .init(encoding))
            for _ in 0..<3 { try victim.request(incremental: false) }
            _ = victim.connection.isReadable(within: 5)
            victim.connection.reset()
          }
        }
        let after = try RFBTestClient(display.address, .init(Encoding.tight))
        #expect(try after.wholePicture() == Picture.mixed(width: 1600, height: 1200))
      }
    }

    @Test func `two hundred connections at once leave the display working`() throws {
      try serving(inFolder: { try picture.plane(in: $0) }) { display, _ in
        let before = try RFBTestClient(display.address, .init(Encoding.tight))
        var crowd: [Connection] = []
        for _ in 0..<200 { if let one = try? Connection(to: display.address, timeout: 2) { crowd.append(one) } }
        #expect(crowd.count > 100)
        let start = secondsNow()
        #expect(try before.wholePicture() == picture)
        #expect(secondsNow() - start < 2, "a connected viewer notices nothing of the crowd")
        crowd = []
        // A throttle may ask the next one to wait a little, not to stay away.
        var client: RFBTestClient?
        let isServed = poll(for: 15) {
          client = try? RFBTestClient(display.address, .init(Encoding.raw))
          return client != nil
        }
        #expect(isServed)
        #expect(try client?.wholePicture() == picture)
      }
    }

    @Test func `a half-open handshake is closed after ten seconds`() throws {
      try serving(inFolder: { try picture.plane(in: $0) }) { display, _ in
        let silent = try Connection(to: display.address)
        let slow = try Connection(to: display.address)
        _ = try silent.read(12)
        _ = try slow.read(12)
        try slow.write(Array("RFB 003.0".utf8))
        let start = secondsNow()
        #expect(try RFBTestClient(display.address, .init(Encoding.raw)).wholePicture() == picture)
        _ = silent.readToEnd()
        _ = slow.readToEnd()
        #expect((8...14).contains(secondsNow() - start))
      }
    }

    @Test func `a listener on a UNIX socket serves beside one on TCP`() throws {
      let folder = try TemporaryFolder()
      let listeners = ["127.0.0.1:0", "unix:\(folder.path("vnc.sock"))"]
      try serving(try picture.plane(in: folder), listeners: listeners) { display, _ in
        for address in display.addresses {
          let seen = try RFBTestClient(address, .init(Encoding.zrle)).wholePicture()
          #expect(seen == picture)
        }
      }
    }

    @Test func `a public listener without a password is refused`() throws {
      let folder = try TemporaryFolder()
      let result = try runToEnd(
        Project.program, ["serve", try picture.plane(in: folder), "--listen", "0.0.0.0:0"], within: 10)
      #expect(result.status != 0)
      #expect(result.errors.contains("insecure"))
    }
  }
}
