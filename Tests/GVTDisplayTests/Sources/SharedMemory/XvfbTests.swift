// The real thing: Xvfb keeps its screen in a file.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@testable import GVTDisplay

@Suite(.serialized)
struct XvfbTests {
  static let path = "/usr/bin/Xvfb"

  /// A running Xvfb with a white root window and its screen in `folder`.
  final class Server {
    let folder: String
    private var process: pid_t = 0

    init(depth: Int) throws {
      var name = Array("/tmp/gvt-vnc-test-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&name) != nil else { throw SystemFailure("mkdtemp") }
      folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let ready = try OwnedDescriptor.socketPair()
      let line = [
        XvfbTests.path, "-displayfd", "\(ready.far.raw)", "-screen", "0", "333x222x\(depth)", "-fbdir", folder,
        "-nolisten", "tcp", "-wr",
      ]
      // The child needs its end: without close-on-exec from here to the spawn.
      try check("fcntl") { fcntl(ready.far.raw, F_SETFD, 0) }
      var arguments = unsafe line.map { unsafe strdup($0) } + [nil]
      defer { unsafe arguments.forEach { unsafe free($0) } }
      // Threads of libdispatch block all signals, and a child inherits that: it could not be ended.
      var attributes = posix_spawnattr_t()
      unsafe posix_spawnattr_init(&attributes)
      defer { unsafe posix_spawnattr_destroy(&attributes) }
      var none = sigset_t()
      unsafe sigemptyset(&none)
      unsafe posix_spawnattr_setsigmask(&attributes, &none)
      unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
      let code = unsafe posix_spawn(&process, XvfbTests.path, nil, &attributes, &arguments, environ)
      try check("fcntl") { fcntl(ready.far.raw, F_SETFD, FD_CLOEXEC) }
      guard code == 0 else { throw SystemFailure("posix_spawn", code) }
      // It says which display it is, and a newline, when it is up.
      var byte: UInt8 = 0
      while byte != UInt8(ascii: "\n") {
        guard try check("read", { unsafe read(ready.near.raw, &byte, 1) }) == 1 else {
          throw SystemFailure("read", EPIPE)
        }
      }
    }

    func stop() {
      guard process > 0 else { return }
      kill(process, SIGTERM)
      waitpid(process, nil, 0)
      process = 0
    }

    deinit {
      stop()
      unsafe unlink(folder + "/Xvfb_screen0")
      unsafe rmdir(folder)
    }
  }

  @Test(.enabled(if: unsafe access(path, X_OK) == 0, "needs Xvfb"), arguments: [8, 16, 24])
  func `the screen of a real Xvfb is read, and its end is noticed`(_ depth: Int) throws {
    let server = try Server(depth: depth)
    let bench = try SharedMemorySourceTests.Bench(server.folder + "/Xvfb_screen0", .xwd)
    #expect(bench.later().isResize)
    #expect(bench.source.status == .running)
    #expect(bench.store.frame.size == PixelSize(width: 333, height: 222))
    #expect((0..<333 * 222).count { bench.store.frame[$0 % 333, $0 / 333] != 0xffffff } == 0)
    #expect(bench.later().isEmpty)

    server.stop()
    #expect(!bench.later().isEmpty)
    #expect(bench.waitsFor?.hasPrefix("There is no file") == true)
  }
}
