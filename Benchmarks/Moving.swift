// Figures 1 and 5: what a frame costs when the whole screen, a terminal or a video region changes.
import CTurboJPEG
import Glibc
import TestSupport

/// What viewers and the server did while something was painted.
struct Run {
  var processorSeconds: Double
  /// Frames' worth of pixels that one viewer got, on average.
  var frames: Double
  var bytesPerFrame: Double
}

/// Serves `screen` to `count` viewers while `paint` is called 20 times a second; a "frame" covers `area` pixels.
private func run(
  _ bench: Bench, _ screen: Screen, viewers count: Int, options: RFBTestClient.Options, area: Int, seconds: Double = 6,
  _ paint: (Int) -> Void
) throws -> Run {
  var result = Run(processorSeconds: 0, frames: 0, bytesPerFrame: 0)
  try bench.serving(screen.spec) { display in
    let viewers = (0..<count).map { _ in ViewerThread(display.address, options) }
    painting(atRate: 20, for: 1.5, paint)
    let before = viewers.map(\.snapshot)
    let cpu = processorSeconds(of: display.program.pid)
    painting(atRate: 20, for: seconds, paint)
    usleep(60_000)
    result.processorSeconds = processorSeconds(of: display.program.pid) - cpu
    let after = try viewers.map { try $0.end() }
    let pixels = zip(before, after).reduce(0) { $0 + $1.1.area - $1.0.area }
    let bytes = zip(before, after).reduce(0) { $0 + $1.1.bytes - $1.0.bytes }
    result.frames = Double(pixels) / Double(area * count)
    result.bytesPerFrame = Double(bytes) / Double(count) / result.frames
  }
  guard result.frames > 20 else { throw TestFailure("only \(result.frames) frames came") }
  return result
}

func photo(_ bench: Bench) throws {
  let frames = (0..<6).map { photo(width: 1920, height: 1080, seed: UInt64($0 + 1)) }
  let screen = try Screen()
  let options = RFBTestClient.Options.watching(Encoding.tight, Encoding.quality(6))
  func measure(_ viewers: Int) throws -> Run {
    try run(bench, screen, viewers: viewers, options: options, area: 1920 * 1080) { screen.paint(frames[$0 % 6]) }
  }
  // Quality level 6 is JPEG quality 79 without subsampling.
  let bare = try bareTurboJPEG(frames, quality: 79, samples: TJSAMP_444)
  let one = try measure(1)
  let four = try measure(4)
  let oneCost = one.processorSeconds / one.frames * 1000
  let fourCost = four.processorSeconds / four.frames * 1000
  bench.report("photo: bare turbojpeg, q79 4:4:4", bare.milliseconds, "ms/frame")
  bench.report("photo: bytes a frame, bare turbojpeg", bare.bytes / 1000, "kB")
  bench.report("photo: bytes a frame, served", one.bytesPerFrame / 1000, "kB")
  bench.report("photo: frames a second, one viewer", one.frames / 6, "1/s")
  bench.report("photo: server CPU, one viewer", oneCost, "ms/frame")
  bench.report("photo: server CPU, four viewers", fourCost, "ms/frame")
  bench.report("photo: one viewer / bare turbojpeg", oneCost / bare.milliseconds, "×", target: 1.2)
  bench.report("photo: four viewers / one viewer", fourCost / oneCost, "×", target: 1.3)
}

private func bareTurboJPEG(_ frames: [Picture], quality: Int32, samples: TJSAMP) throws -> (
  milliseconds: Double, bytes: Double
) {
  guard let handle = tjInitCompress() else { throw TestFailure("tjInitCompress") }
  defer { tjDestroy(handle) }
  let subsampling = Int32(samples.rawValue)
  var output = [UInt8](repeating: 0, count: Int(tjBufSize(1920, 1080, subsampling)))
  var costs: [Double] = []
  var total = 0
  for round in 0..<30 {
    let start = threadSeconds()
    let size = frames[round % frames.count].pixels.withUnsafeBytes { source in
      output.withUnsafeMutableBufferPointer { target -> Int in
        var place = target.baseAddress
        var size = UInt(target.count)
        let pixels = source.bindMemory(to: UInt8.self).baseAddress
        let code = tjCompress2(
          handle, pixels, 1920, 1920 * 4, 1080, Int32(TJPF_BGRX.rawValue), &place, &size, subsampling, quality,
          TJFLAG_NOREALLOC)
        return code == 0 ? Int(size) : -1
      }
    }
    guard size > 0 else { throw TestFailure("tjCompress2: \(String(cString: tjGetErrorStr2(handle)))") }
    costs.append(threadSeconds() - start)
    total += size
  }
  return (costs.sorted()[costs.count / 2] * 1000, Double(total) / 30)
}

func text(_ bench: Bench) throws {
  let frames = (0..<20).map { terminal(width: 1920, height: 1080, scroll: $0) }
  let screen = try Screen()
  let options = RFBTestClient.Options.watching(Encoding.tight, Encoding.quality(6))
  let result = try run(bench, screen, viewers: 1, options: options, area: 1920 * 1080) { screen.paint(frames[$0 % 20]) }
  bench.report("text: server CPU", result.processorSeconds / result.frames * 1000, "ms/frame", target: 12)
  bench.report("text: bytes a frame", result.bytesPerFrame / 1000, "kB", target: 120)
  screen.paint(frames[3])
  try bench.serving(screen.spec) { display in
    let client = try RFBTestClient(display.address, .init(Encoding.tight, Encoding.quality(6), Encoding.lastRect))
    let differences = try client.settledPicture().differences(from: frames[3])
    bench.report("text: pixels that differ", Double(differences), "", target: 0)
  }
}

func video(_ bench: Bench) throws {
  let frames = (0..<8).map { photo(width: 1280, height: 720, seed: UInt64($0 + 20)) }
  let screen = try Screen()
  screen.paint(terminal(width: 1920, height: 1080, scroll: 0))
  // Fine quality 79 with fourfold subsampling (TurboVNC's pseudo-encodings).
  let options = RFBTestClient.Options.watching(Encoding.tight, Encoding.quality(6), -767)
  let result = try run(bench, screen, viewers: 1, options: options, area: 1280 * 720) {
    screen.paint(frames[$0 % 8], x: 320, y: 180)
  }
  let bare = result.bytesPerFrame / 1000
  bench.report("video: server CPU", result.processorSeconds / result.frames * 1000, "ms/frame", target: 5)
  bench.report("video: bytes a frame", bare, "kB")
  bench.report("video: frames a second", result.frames / 6, "1/s")
}
