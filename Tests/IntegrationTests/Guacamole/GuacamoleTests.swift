// The display behind a real guacd, as an administrator would front it for browsers.
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite(
    .tags(.peer), .enabled(if: GuacamoleServer.isThere, "\(GuacamoleServer.howToGet)"))
  struct GuacamoleTests {
    @Test func `a still screen comes through exactly, as the program's own screenshot shows it`() throws {
      let folder = try TemporaryFolder()
      let expected = Picture.mixed(width: 803, height: 602)
      let spec = try expected.plane(in: folder)
      try Guacamole.fronting(spec) { guacd, display in
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { $0.picture.differences(from: expected) == 0 }
        try probe.settle()
        #expect(probe.picture.differences(from: expected) == 0)
        #expect(probe.area["image/jpeg"] == nil, "a still picture of guacd's is lossless")
        #expect(probe.unknown.isEmpty)
        Guacamole.keep(probe.picture, "guacd-still")
      }
      let file = folder.path("screenshot.png")
      let taken = try runToEnd(Project.program, ["screenshot", spec, "-o", file])
      #expect(taken.status == 0, "\(taken.errors)")
      #expect(try Picture(file: file).differences(from: expected) == 0)
    }

    @Test(arguments: ["wrong", "S3cret!7"])
    func `a wrong password shows nothing`(_ wrong: String) throws {
      let folder = try TemporaryFolder()
      try Guacamole.fronting(try Picture.mixed(width: 320, height: 200).plane(in: folder)) { guacd, display in
        let refusal = #expect(throws: GuacamoleError.self) {
          let probe = try GuacamoleProbe(guacd, to: display.address, ["password": wrong])
          try probe.follow { !$0.area.keys.filter { $0.hasPrefix("image/") }.isEmpty }
        }
        // guacd may hang up without a reason when the display refuses before the user is in.
        #expect(refusal?.status == nil || refusal?.status == GuacamoleError.upstreamNotFound)
        // Nobody else suffers.
        let probe = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try probe.follow { $0.picture.width == 320 }
      }
    }

    @Test func `a password that nobody configured is asked of the person`() throws {
      let folder = try TemporaryFolder()
      let expected = Picture.mixed(width: 320, height: 200)
      try Guacamole.fronting(try expected.plane(in: folder)) { guacd, display in
        let probe = try GuacamoleProbe(guacd, to: display.address)
        try probe.follow { $0.asked == ["password"] }
        try probe.answer("password", Passwords.full)
        try probe.follow { $0.picture.differences(from: expected) == 0 }
      }
    }

    @Test func `users with connections of their own and one who joined see every change alike`() throws {
      let folder = try TemporaryFolder()
      var expected = Picture.mixed(width: 640, height: 400)
      let path = folder.path("plane")
      try writeBytes(expected.xr24, to: path)
      try Guacamole.fronting("shm:\(path)?size=640x400&format=XR24") { guacd, display in
        let owner = try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.full])
        try owner.follow { $0.picture.differences(from: expected) == 0 }
        let users = [
          owner, try GuacamoleProbe(guacd, to: display.address, ["password": Passwords.viewOnly]),
          try GuacamoleProbe(guacd, joining: owner, isReadOnly: true),
        ]
        #expect(users[1].identifier != owner.identifier)
        // guacd 1.3 copies the picture for somebody who joins before it counts them among its users: what changes in
        // between never reaches them, so nothing changes until they have the copy and guacd is done.
        try GuacamoleProbe.follow(users) { $0.picture.differences(from: expected) == 0 }
        for user in users { try user.settle() }
        for step in 1...5 {
          for y in 0..<40 {
            for x in 0..<200 { expected.pixels[(y + step * 50) * 640 + x + step * 60] = UInt32(step) * 0x2f1d07 }
          }
          try overwrite(path, with: expected.xr24)
          try GuacamoleProbe.follow(users) { $0.picture.differences(from: expected) == 0 }
        }
        #expect(users.allSatisfy { $0.unknown.isEmpty })
      }
    }

    /// Writes into the same file, as a screen's owner does.
    private func overwrite(_ path: String, with bytes: [UInt8]) throws {
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      defer { close(descriptor) }
      let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
      guard count == bytes.count else { throw TestFailure("cannot write into \(path)") }
    }
  }
}
