// A screen in a file that the server shows, and the program that draws on it.
import Glibc
import TestSupport

final class SharedScreen: @unchecked Sendable {
  static let width = 1920
  static let height = 1080
  static let byteCount = width * height * 4

  let path: String
  let pixels: UnsafeMutablePointer<UInt32>

  init(in folder: TemporaryFolder) throws {
    path = "/dev/shm/gvt-vnc-bench.\(getpid()).\(folder.nextNumber())"
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0, ftruncate(descriptor, Self.byteCount) == 0,
      let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { throw TestFailure("cannot make the screen \(path)") }
    close(descriptor)
    pixels = memory.bindMemory(to: UInt32.self, capacity: Self.width * Self.height)
  }

  deinit {
    munmap(pixels, Self.byteCount)
    unlink(path)
  }

  var spec: String { "shm:\(path)?size=\(Self.width)x\(Self.height)&format=XR24" }

  func show(_ image: Image, x: Int = 0, y: Int = 0) {
    image.pixels.withUnsafeBufferPointer { source in
      guard let first = source.baseAddress else { return }
      for row in 0..<image.height {
        memcpy(pixels + (y + row) * Self.width + x, first + row * image.width, image.width * 4)
      }
    }
  }

  var picture: Picture {
    Picture(
      width: Self.width, height: Self.height,
      pixels: Array(UnsafeBufferPointer(start: pixels, count: Self.width * Self.height)))
  }
}

/// A server of one such screen.
final class ScreenServer {
  let folder: TemporaryFolder
  let screen: SharedScreen
  let server: ServedDisplay
  let meter: ProcessMeter

  init(options: [String] = []) throws {
    folder = try TemporaryFolder()
    screen = try SharedScreen(in: folder)
    server = try ServedDisplay(screen.spec, options, in: folder)
    meter = ProcessMeter(pid: server.program.pid)
  }

  func viewer(_ encodings: [Int32], decodes: Bool = false) throws -> RFBTestClient {
    var options = RFBTestClient.Options()
    options.encodings = encodings
    options.decodes = decodes
    return try RFBTestClient(server.address, options)
  }

  func end() { server.end() }
}
