// A screen in a file, and everything that can happen to the file.
import GVTCore
import Glibc
import Testing
import VGPUTesting

@testable import GVTDisplay

struct SharedMemorySourceTests {
  static let size = PixelSize(width: 70, height: 40)
  static let layout = SurfaceLayout(format: .xrgb8888, size: size, strideBytes: 280)

  /// A source on a loop with a clock that the test moves, and a store to capture into.
  final class Bench {
    let clock = ManualClock()
    let loop: EventLoop
    let source: SharedMemorySource
    let store = FrameStore(size: PixelSize(width: 200, height: 100))
    private(set) var statusChanges = 0

    init(_ path: String, _ form: SharedMemoryForm) throws {
      loop = try EventLoop(clock: clock)
      source = SharedMemorySource(path: path, form: form)
      let events = SourceEvents(
        pictureChanged: {}, cursorChanged: {}, statusChanged: { [unowned self] in statusChanges += 1 },
        lightsChanged: { _ in })
      source.start(on: loop, events: events)
      source.setWatched(true)
    }

    /// A capture one second after the last.
    func later() -> Damage {
      clock.advance(nanoseconds: .milliseconds(1000))
      return source.capture(into: store)
    }

    var waitsFor: String? { if case .waiting(let sentence) = source.status { sentence } else { nil } }
    var failedBy: String? { if case .failed(let sentence) = source.status { sentence } else { nil } }
  }

  static func picture(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 280 * 40) }

  @Test func `a picture is shown, followed and taken from its offset`() throws {
    let file = try TemporaryFile(Self.picture(0x11))
    var layout = Self.layout
    layout.size.height = 39
    layout.byteOffset = 280
    let bench = try Bench(file.path, .raw(layout))
    #expect(bench.later() == .everything(of: layout.size, isResize: true))
    #expect(bench.source.status == .running)
    #expect(bench.store.frame[69, 38] == 0x111111)
    #expect(bench.later().isEmpty)
    try file.write([1, 2, 3, 4], at: 280 * 39)
    #expect(bench.later().bounds == PixelRect(x: 0, y: 38, width: 8, height: 1))
    #expect(bench.store.frame[0, 38] == 0x030201)
    #expect(bench.source.pacing == .polled)
    #expect(bench.source.requestSize(layout.size) == .unsupported)
  }

  @Test func `a file that is not there yet is waited for`() throws {
    let file = try TemporaryFile(Self.picture(1))
    let path = file.path
    file.remove()
    let bench = try Bench(path, .raw(Self.layout))
    #expect(bench.later().tiles == .all(of: bench.store.frame.size))
    #expect(bench.waitsFor == "There is no file \(path).")
    #expect(bench.later().isEmpty)
    let other = try TemporaryFile(Self.picture(0x22))
    try check("rename") { unsafe rename(other.path, path) }
    #expect(bench.later().isResize)
    #expect(bench.store.frame[0, 0] == 0x222222)
    unsafe unlink(path)
  }

  @Test func `a file that is too short says by how much, and recovers`() throws {
    let file = try TemporaryFile(Array(Self.picture(1).dropLast()))
    let bench = try Bench(file.path, .raw(Self.layout))
    #expect(!bench.later().isEmpty)
    #expect(bench.waitsFor == "The picture needs 11200 bytes, but the file has only 11199.")
    try file.truncate(to: 11200)
    #expect(bench.later().isResize)
    #expect(bench.source.status == .running)
  }

  @Test func `a file that is cut between two looks gives a card at once, and recovers`() throws {
    let file = try TemporaryFile(Self.picture(0x33))
    let bench = try Bench(file.path, .raw(Self.layout))
    _ = bench.later()
    try file.truncate(to: 100)
    // No time passes: the look at the file is not due, and reading finds the pages gone.
    #expect(!bench.source.capture(into: bench.store).isEmpty)
    #expect(bench.waitsFor == BufferFailure.lostWhileRead.sentence)
    #expect(bench.store.frame.size == Self.size)
    _ = bench.later()
    #expect(bench.waitsFor == "The picture needs 11200 bytes, but the file has only 100.")
    try file.write(Self.picture(0x44))
    #expect(!bench.later().isEmpty)
    #expect(bench.store.frame[69, 39] == 0x444444)
    #expect(bench.statusChanges >= 3)
  }

  @Test func `a file that is replaced is followed to the new one`() throws {
    let file = try TemporaryFile(Self.picture(0x55))
    let bench = try Bench(file.path, .raw(Self.layout))
    _ = bench.later()
    try file.replace(by: Self.picture(0x66))
    #expect(bench.later().tiles == .all(of: Self.size))
    #expect(bench.store.frame[1, 1] == 0x666666)
  }

  @Test func `what is no regular file is refused without hanging`() throws {
    let directory = try Bench("/tmp", .raw(Self.layout))
    #expect(directory.failedBy == "/tmp is not a regular file.")
    let device = try Bench("/dev/zero", .xwd)
    #expect(!device.later().isEmpty)
    #expect(device.failedBy != nil)
    let path = "/tmp/gvt-vnc-test-fifo-\(getpid())"
    try check("mkfifo") { unsafe mkfifo(path, 0o600) }
    #expect(try Bench(path, .xwd).failedBy == "\(path) is not a regular file.")
    unsafe unlink(path)
  }

  @Test func `a layout that makes no sense is refused in words`() throws {
    let file = try TemporaryFile(Self.picture(1))
    var layout = Self.layout
    layout.strideBytes = 1
    let bench = try Bench(file.path, .raw(layout))
    #expect(bench.failedBy == "The stated offset, stride and size describe no picture.")
  }

  /// The header that Xvfb writes, with some fields replaced.
  static func header(_ changes: [Int: UInt32] = [:], colours: Int = 0) -> [UInt8] {
    var fields: [UInt32] = [
      104, 7, 2, 24, 70, 40, 0, 0, 32, 0, 32, 32, 280, 4, 0xff0000, 0xff00, 0xff, 8, 256, UInt32(colours), 70, 40, 0, 0,
      0, 0,
    ]
    for (index, value) in changes { fields[index] = value }
    let bytes = fields.flatMap { field in (0..<4).map { UInt8(truncatingIfNeeded: field >> (24 - 8 * $0)) } }
    // Entry n of the colour map is the colour n, n, 255 - n.
    let map = (0..<colours).flatMap { index -> [UInt8] in
      let n = UInt8(truncatingIfNeeded: index)
      return [0, 0, 0, n, n, 0xee, n, 0xee, 255 - n, 0xee, 0, 0]
    }
    return bytes + map
  }

  @Test(
    arguments: [
      ([:], [0x33, 0x22, 0x11, 0xff], 0x112233), ([7: 1], [0xff, 0x11, 0x22, 0x33], 0x112233),
      ([14: 0xff, 16: 0xff0000], [0x33, 0x22, 0x11, 0], 0x332211),
      ([11: 16, 14: 0xf800, 15: 0x7e0, 16: 0x1f], [0x1f, 0x00], 0x0000ff),
      ([11: 16, 14: 0xf800, 15: 0x7e0, 16: 0x1f, 7: 1], [0xf8, 0x00], 0xff0000),
      ([11: 16, 14: 0x7c00, 15: 0x3e0, 16: 0x1f], [0xe0, 0x03], 0x00ff00),
      ([11: 8, 13: 3], [7], 0x0707f8), ([11: 8, 13: 3, 7: 1], [200], 0xc8c837),
    ] as [([Int: UInt32], [UInt8], UInt32)])
  func `window dumps of all kinds are read`(_ fields: [Int: UInt32], _ pixel: [UInt8], _ colour: UInt32) throws {
    let rows = (0..<40).flatMap { _ -> [UInt8] in
      let row = Array(repeatElement(pixel, count: 70).joined())
      return row + Array(repeating: 0, count: 280 - row.count)
    }
    let file = try TemporaryFile(Self.header(fields, colours: 256) + rows)
    let bench = try Bench(file.path, .xwd)
    #expect(bench.later().isResize)
    #expect(bench.source.status == .running)
    #expect((0..<Self.size.area).allSatisfy { bench.store.frame[$0 % 70, $0 / 70] == colour })
  }

  @Test(
    arguments: [
      [0: 99], [0: 0xffff_ffff], [1: 6], [2: 1], [4: 0], [4: 0xffff_ffff], [5: 0x7fff_ffff], [12: 0], [12: 279],
      [12: 0xffff_ffff], [19: 0xffff_ffff], [11: 24], [14: 0xffff], [13: 3], [11: 8],
    ] as [[Int: UInt32]])
  func `a header with absurd numbers is refused in words`(_ fields: [Int: UInt32]) throws {
    let file = try TemporaryFile(Self.header(fields) + Self.picture(1))
    let bench = try Bench(file.path, .xwd)
    #expect(!bench.later().isEmpty)
    #expect(
      bench.failedBy?.hasPrefix("The window dump") == true || bench.failedBy?.hasPrefix("The file is not") == true)
    try file.write(Self.header() + Self.picture(1))
    #expect(bench.later().isResize)
  }

  @Test func `any header at all is survived`() throws {
    var random = Randomness(5)
    for _ in 0..<3000 {
      var header = Self.header()
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        header[.random(in: 0..<100, using: &random)] = .random(in: 0...255, using: &random)
      }
      if let decoded = try? XWDHeader(header) {
        #expect(decoded.layout.checkedByteCount != nil)
        #expect(decoded.colourCount <= 256)
      }
    }
    #expect(throws: XWDHeader.Refusal.self) { _ = try XWDHeader([]) }
    #expect(XWDHeader.palette([1, 2, 3]).count == 256)
  }

  @Test func `a window dump that changes its size under the same name is followed`() throws {
    let file = try TemporaryFile(Self.header() + Self.picture(0x77))
    let bench = try Bench(file.path, .xwd)
    _ = bench.later()
    try file.write(Self.header([4: 35, 5: 30]))
    #expect(bench.later() == .everything(of: PixelSize(width: 35, height: 30), isResize: true))
    #expect(bench.store.frame[34, 29] == 0x777777)
  }
}
