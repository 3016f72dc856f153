// A real guacd, Debian 11's, in the folder that Tests/Rig/guacd-chroot.sh makes.
import Glibc
import TestSupport

final class GuacamoleServer {
  private static let folder = Project.root + "/.cache/guacd"
  static let isThere = geteuid() == 0 && access(folder + "/.guacd-chroot.done", R_OK) == 0
  static let howToGet = "there is no guacd: run Tests/Rig/guacd-chroot.sh .cache/guacd, and the tests, as root"

  private let program: RunningProgram
  let address: ServerAddress
  var log: String { program.errors }

  /// guacd as nobody on a free port of loopback.
  init(in folder: TemporaryFolder) throws {
    let port = try Self.freePort()
    address = .tcp(port: port)
    program = try RunningProgram(
      "chroot",
      [
        "--userspec=nobody:nogroup", Self.folder, "/usr/sbin/guacd", "-f", "-L", "info", "-b", "127.0.0.1", "-l",
        "\(port)",
      ],
      in: folder)
    let isUp = poll(for: 10) { !program.isRunning || (try? Connection(to: address)) != nil }
    guard isUp, program.isRunning else {
      program.end()
      throw TestFailure("guacd does not start: \(log.suffix(2000))")
    }
  }

  func end() { program.end() }

  /// guacd cannot be asked for a port that it chooses itself.
  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("no socket") }
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard code == 0 else { throw TestFailure("no free port: \(String(cString: strerror(errno)))") }
    return Int(UInt16(bigEndian: name.sin_port))
  }
}

enum Passwords {
  static let full = "s3cret!7"
  static let viewOnly = "l00konly"
}

enum Guacamole {
  /// A display with both passwords, and guacd; what either said is part of any failure.
  static func fronting(_ spec: String, _ body: (GuacamoleServer, ServedDisplay) throws -> Void) throws {
    let secrets = try TemporaryFolder()
    let options = [
      "--password-file", try secrets.file("password", Passwords.full + "\n"),
      "--view-only-password-file", try secrets.file("view-only", Passwords.viewOnly + "\n"),
    ]
    try serving(spec, options) { display, folder in
      let guacd = try GuacamoleServer(in: folder)
      defer { guacd.end() }
      do {
        try body(guacd, display)
      } catch {
        throw TestFailure("\(error)\nguacd: \(guacd.log.suffix(2000))")
      }
    }
  }

  /// Writes a picture where GVT_TEST_PICTURES names a folder for it.
  static func keep(_ picture: Picture, _ name: String) {
    guard let folder = getenv("GVT_TEST_PICTURES") else { return }
    try? picture.write(to: "\(String(cString: folder))/\(name).ppm")
  }
}
