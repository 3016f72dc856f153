// CPU a frame, frame by frame: nothing is drawn until every viewer has the frame before, so that each frame is sent whole
// to everybody and counts once.
import CTurboJPEG
import Glibc
import TestSupport

let tightQ6: [Int32] = [
  Encoding.tight, Encoding.quality(6), Encoding.compression(2), Encoding.richCursor, Encoding.desktopSize,
  Encoding.lastRect,
]
/// JPEG Subsampling Level: one sample of colour for 2x2 pixels.
private let quarterColour: Int32 = -767

struct FrameCost {
  /// Milliseconds of the server's CPU a frame.
  var milliseconds = 0.0
  /// Bytes a frame to the first viewer.
  var bytes = 0.0
  var rectangles = 0.0
  var byThread: [String: Double] = [:]

  var threads: String {
    byThread.sorted { $0.value > $1.value }.filter { $0.value >= 0.05 }.prefix(5)
      .map { "\($0.key) \(($0.value * 100).rounded() / 100)" }.joined(separator: ", ")
  }
}

extension ScreenServer {
  /// Shows `count` frames, each when `period` has passed and all viewers have the one before.
  func cost(
    of count: Int, viewers: [RFBTestClient], period: Double = 0.04, area: Int, draw: (Int) throws -> Void,
    between: (Int) throws -> Void = { _ in }
  ) throws -> FrameCost {
    for viewer in viewers { try viewer.request(incremental: false) }
    for viewer in viewers { _ = try viewer.nextUpdate() }
    var result = FrameCost()
    let warmUp = 5
    var (before, threadsBefore, received) = (0.0, [String: Double](), 0)
    for number in 0..<count + warmUp {
      if number == warmUp {
        (before, threadsBefore, received) = (meter.cpuSeconds, meter.cpuByThread, viewers[0].connection.received)
      }
      let start = secondsNow()
      try draw(number)
      for viewer in viewers { try viewer.request(incremental: true) }
      for (index, viewer) in viewers.enumerated() {
        var covered = 0
        repeat {
          let update = try viewer.nextUpdate()
          covered += update.rectangles.reduce(0) { $0 + $1.width * $1.height }
          if index == 0 && number >= warmUp {
            result.rectangles += Double(update.rectangles.count) / Double(count)
          }
          if covered < area { try viewer.request(incremental: true) }
        } while covered < area
      }
      try between(number)
      sleep(until: start + period)
    }
    result.milliseconds = (meter.cpuSeconds - before) * 1000 / Double(count)
    result.bytes = Double(viewers[0].connection.received - received) / Double(count)
    for (name, seconds) in meter.cpuByThread {
      result.byThread[name] = (seconds - (threadsBefore[name] ?? 0)) * 1000 / Double(count)
    }
    return result
  }
}

/// Milliseconds of CPU that turbojpeg alone takes for a frame.
final class BareJPEG {
  private let handle = tjInitCompress()
  private var output: UnsafeMutablePointer<UInt8>?
  private(set) var milliseconds: [Double] = []
  private(set) var bytes = 0

  deinit {
    tjDestroy(handle)
    tjFree(output)
  }

  func compress(
    _ pixels: UnsafePointer<UInt32>, width: Int, height: Int, stride: Int, quality: Int32, _ sampling: TJSAMP
  ) {
    let start = threadSeconds()
    if output == nil { output = tjAlloc(Int32(tjBufSize(Int32(width), Int32(height), Int32(sampling.rawValue)))) }
    var size = UInt(tjBufSize(Int32(width), Int32(height), Int32(sampling.rawValue)))
    tjCompress2(
      handle, UnsafeRawPointer(pixels).assumingMemoryBound(to: UInt8.self), Int32(width), Int32(stride * 4),
      Int32(height), Int32(TJPF_BGRX.rawValue), &output, &size, Int32(sampling.rawValue), quality, TJFLAG_NOREALLOC)
    milliseconds.append((threadSeconds() - start) * 1000)
    bytes = Int(size)
  }
}

func measurePhoto(_ report: inout Report) throws {
  let (width, height) = (SharedScreen.width, SharedScreen.height)
  let photos = (0..<4).map { Workload.photo(width: width, height: height, seed: 11 + $0) }
  let server = try ScreenServer()
  defer { server.end() }
  let bare = BareJPEG()
  var one: [FrameCost] = []
  var four: [FrameCost] = []
  let viewers = try (0..<4).map { _ in try server.viewer(tightQ6) }
  var shown = 0
  // In turns, so that what else the machine does meanwhile hits all three alike.
  for _ in 0..<3 {
    for count in [1, 4] {
      let cost = try server.cost(
        of: 20, viewers: Array(viewers.prefix(count)), period: 0.05, area: width * height,
        draw: { _ in
          shown += 1
          server.screen.show(photos[shown % photos.count])
        },
        between: { _ in
          bare.compress(server.screen.pixels, width: width, height: height, stride: width, quality: 79, TJSAMP_444)
        })
      if count == 1 { one.append(cost) } else { four.append(cost) }
    }
  }
  let (single, shared) = (one.map(\.milliseconds).median, four.map(\.milliseconds).median)
  let jpeg = bare.milliseconds.median
  report.add("photo 1080p q6: bare turbojpeg, CPU a frame", jpeg, "ms")
  report.add("photo 1080p q6: bare turbojpeg, size", Double(bare.bytes) / 1000, "kB")
  report.add("photo 1080p q6, 1 viewer: CPU a frame", single, "ms")
  report.add("photo 1080p q6, 1 viewer: size", one[0].bytes / 1000, "kB")
  report.add("photo 1080p q6, 4 viewers: CPU a frame", shared, "ms")
  report.add("photo: 1 viewer / bare turbojpeg", single / jpeg, "x", .atMost(1.2))
  report.add("photo: 4 viewers / 1 viewer", shared / single, "x", .atMost(1.3))
  print("  1 viewer: \(one[0].threads); \(one[0].rectangles) rectangles\n  4 viewers: \(four[0].threads)")
}

func measureText(_ report: inout Report) throws {
  for isSmooth in [false, true] {
    let frames = Workload.terminal(frames: 40, isSmooth: isSmooth)
    let name = isSmooth ? "scrolling terminal, smooth letters" : "scrolling terminal"
    let server = try ScreenServer()
    defer { server.end() }
    server.screen.show(frames[0])
    let viewer = try server.viewer(tightQ6)
    // Blank line ends do not change, so the whole area is never sent.
    let cost = try server.cost(
      of: 30, viewers: [viewer], area: 1, draw: { server.screen.show(frames[($0 + 1) % frames.count]) })
    report.add("\(name): CPU a frame", cost.milliseconds, "ms", isSmooth ? nil : .atMost(12))
    report.add("\(name): size of a frame", cost.bytes / 1000, "kB", isSmooth ? nil : .atMost(120))
    print("  \(cost.threads); \(cost.rectangles) rectangles")
    let exact = try server.viewer(tightQ6, decodes: true)
    var wrong = 0
    _ = try exact.wholePicture()
    for frame in frames.prefix(5) {
      server.screen.show(frame)
      wrong += try exact.settledPicture(quiet: 0.1).differences(from: server.screen.picture)
    }
    report.add("\(name): wrong pixels in 5 frames", Double(wrong), "", .atMost(0))
  }
}

func measureVideo(_ report: inout Report) throws {
  let film = Workload.film(frames: 24)
  let server = try ScreenServer()
  defer { server.end() }
  server.screen.show(Workload.desktop())
  let (x, y) = (300, 200)
  for (name, encodings, sampling, target) in [
    ("4:2:0", tightQ6 + [quarterColour], TJSAMP_420, Figure.Bound.atMost(5)), ("4:4:4", tightQ6, TJSAMP_444, nil),
  ] {
    let bare = BareJPEG()
    let viewer = try server.viewer(encodings)
    let cost = try server.cost(
      of: 40, viewers: [viewer], area: 1280 * 720, draw: { server.screen.show(film[$0 % film.count], x: x, y: y) },
      between: { _ in
        let start = server.screen.pixels + y * SharedScreen.width + x
        bare.compress(start, width: 1280, height: 720, stride: SharedScreen.width, quality: 79, sampling)
      })
    report.add("video 1280x720 in a desktop, q6 \(name): CPU a frame", cost.milliseconds, "ms", target)
    report.add("video \(name): bare turbojpeg of the region", bare.milliseconds.suffix(40).median, "ms")
    report.add("video \(name): size of a frame", cost.bytes / 1000, "kB")
    print("  \(cost.threads); \(cost.rectangles) rectangles")
  }
}
