// Figures 2, 3 and 6: stuck neighbours, idle screens, and how soon a key shows.
import Glibc
import TestSupport

/// A viewer that asks and never reads.
private final class StuckViewer {
  private let client: RFBTestClient
  private let request: [UInt8]

  init(_ display: ServedDisplay) throws {
    var options = RFBTestClient.Options(Encoding.raw)
    options.receiveBuffer = 4096
    client = try RFBTestClient(display.address, options)
    request = [3, 0, 0, 0, 0, 0] + bytes16(client.picture.width) + bytes16(client.picture.height)
    try client.connection.write(request)
  }

  /// As many more requests as the server takes.
  func flood() {
    let many = Array((0..<200).map { _ in request }.joined())
    _ = client.connection.writeAvailable(many)
  }
}

func stuck(_ bench: Bench) throws {
  let frames = (0..<6).map { photo(width: 1920, height: 1080, seed: UInt64($0 + 1)) }
  let screen = try Screen()
  let tight = RFBTestClient.Options.watching(Encoding.tight, Encoding.quality(6))
  try bench.serving(screen.spec) { display in
    let viewer = ViewerThread(display.address, tight)
    painting(atRate: 20, for: 2) { screen.paint(frames[$0 % 6]) }
    let alone = residentMegabytes(of: display.program.pid)
    let neighbour = try StuckViewer(display)
    let start = secondsNow()
    painting(atRate: 20, for: 5) { screen.paint(frames[$0 % 6]) }
    let gap = viewer.snapshot.longestGap(from: start, to: secondsNow())
    bench.report("stuck: longest gap beside a viewer that never reads", gap * 1000, "ms", target: 150)
    let flooded = secondsNow()
    painting(atRate: 20, for: 5) {
      screen.paint(frames[$0 % 6])
      neighbour.flood()
    }
    let floodGap = viewer.snapshot.longestGap(from: flooded, to: secondsNow())
    bench.report("stuck: longest gap beside one that also floods", floodGap * 1000, "ms", target: 150)
    let growth = residentMegabytes(of: display.program.pid) - alone
    bench.report("stuck: memory that this takes", growth, "MB", target: 64)
    try viewer.end()
  }
  try besideZRLE(bench, screen, frames, tight)
}

private func besideZRLE(_ bench: Bench, _ screen: Screen, _ frames: [Picture], _ tight: RFBTestClient.Options) throws {
  try bench.serving(screen.spec) { display in
    func rate(_ viewer: ViewerThread) -> Double {
      let start = secondsNow()
      painting(atRate: 20, for: 5) { screen.paint(frames[$0 % 6]) }
      return Double(viewer.snapshot.count(from: start, to: secondsNow())) / 5
    }
    let viewer = ViewerThread(display.address, tight)
    painting(atRate: 20, for: 1) { screen.paint(frames[$0 % 6]) }
    let alone = rate(viewer)
    let slow = ViewerThread(display.address, .watching(Encoding.zrle))
    painting(atRate: 20, for: 1) { screen.paint(frames[$0 % 6]) }
    let beside = rate(viewer)
    bench.report("stuck: updates a second alone", alone, "1/s")
    bench.report("stuck: what is left beside ZRLE at full motion", beside / alone * 100, "%", target: 80, isFloor: true)
    try viewer.end()
    try slow.end()
  }
}

func idle(_ bench: Bench) throws {
  let screen = try Screen()
  screen.paint(terminal(width: 1920, height: 1080, scroll: 0))
  try bench.serving(screen.spec) { display in
    func share(_ seconds: UInt32) -> Double {
      let (start, cpu) = (secondsNow(), processorSeconds(of: display.program.pid))
      sleep(seconds)
      return (processorSeconds(of: display.program.pid) - cpu) / (secondsNow() - start) * 100
    }
    sleep(1)
    bench.report("idle: nobody watches", share(5), "% of a core", target: 0.1)
    let viewer = ViewerThread(display.address, .watching(Encoding.tight, Encoding.quality(6)))
    sleep(2)
    bench.report("idle: a viewer on a still screen", share(8), "% of a core", target: 0.5)
    try viewer.end()
  }
  try bench.serving("vgpu:demo?size=1920x1080") { display in
    let client = try RFBTestClient(display.address, .init(Encoding.tight))
    try client.press(0xffbf)
    _ = try client.settledPicture()
    let (start, cpu) = (secondsNow(), processorSeconds(of: display.program.pid))
    sleep(5)
    let share = (processorSeconds(of: display.program.pid) - cpu) / (secondsNow() - start) * 100
    bench.report("idle: a viewer on the demo in its static mode", share, "% of a core", target: 0.5)
  }
}

func latency(_ bench: Bench) throws {
  try bench.serving("vgpu:demo?size=1920x1080") { display in
    let client = try RFBTestClient(display.address, .init(Encoding.tight, Encoding.quality(6), Encoding.lastRect))
    // F2: from here on nothing changes but what the keys change.
    try client.press(0xffbf)
    _ = try client.settledPicture()
    var random = Random(7)
    var times: [Double] = []
    for number in 0..<200 {
      // Out of step with vertical blank, as fingers are.
      usleep(UInt32(60_000 + random.next(17_000)))
      let start = secondsNow()
      try client.key(0x61 + number % 26, isDown: true)
      guard client.connection.isReadable(within: 2) else { throw TestFailure("key \(number) shows nothing in 2 s") }
      times.append(secondsNow() - start)
      try client.key(0x61 + number % 26, isDown: false)
      _ = try client.nextUpdate()
      try client.request(incremental: true)
      // Whatever else the key changed.
      while client.connection.isReadable(within: 0.05) {
        _ = try client.nextUpdate()
        try client.request(incremental: true)
      }
    }
    times.sort()
    bench.report("latency: key press to first byte, median", times[times.count / 2] * 1000, "ms")
    bench.report("latency: key press to first byte, p95", times[times.count * 95 / 100] * 1000, "ms", target: 25)
  }
}
