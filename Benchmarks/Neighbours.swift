// What one viewer can do to another: a stuck one, one that floods, one that is expensive.
import Glibc
import Synchronization
import TestSupport

/// Draws a film on its own thread until it is ended.
final class Projector: Sendable {
  private let isEnded = Atomic(false)
  private let hasStopped = Atomic(false)

  init(_ frames: [Image], on screen: SharedScreen, perSecond: Double, x: Int = 0, y: Int = 0) {
    startThread {
      var number = 0
      let start = secondsNow()
      while !self.isEnded.load(ordering: .relaxed) {
        screen.show(frames[number % frames.count], x: x, y: y)
        number += 1
        sleep(until: start + Double(number) / perSecond)
      }
      self.hasStopped.store(true, ordering: .releasing)
    }
  }

  func end() {
    isEnded.store(true, ordering: .relaxed)
    while !hasStopped.load(ordering: .acquiring) { usleep(1000) }
  }
}

/// A viewer that always asks for more, on the calling thread: when its updates came.
func watch(_ viewer: RFBTestClient, seconds: Double) throws -> [Double] {
  try viewer.request(incremental: false)
  _ = try viewer.nextUpdate()
  var times = [secondsNow()]
  let end = times[0] + seconds
  while secondsNow() < end {
    try viewer.request(incremental: true)
    _ = try viewer.nextUpdate()
    times.append(secondsNow())
  }
  return times
}

private func longestGap(_ times: [Double]) -> Double { zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0 }

func measureStuck(_ report: inout Report) throws {
  let photos = (0..<4).map { Workload.photo(width: SharedScreen.width, height: SharedScreen.height, seed: 31 + $0) }
  for isFlood in [false, true] {
    let server = try ScreenServer()
    defer { server.end() }
    let projector = Projector(photos, on: server.screen, perSecond: 20)
    defer { projector.end() }
    let normal = try server.viewer(tightQ6)
    let alone = try watch(normal, seconds: 2)
    let before = server.meter.residentMB
    let stuck = try server.viewer([Encoding.raw])
    try stuck.request(incremental: false)
    let descriptor = stuck.connection.descriptor
    let flooder = Flooder(descriptor, isFlood: isFlood)
    var most = before
    var times: [Double] = []
    for _ in 0..<5 {
      times += try watch(normal, seconds: 1)
      most = max(most, server.meter.residentMB)
    }
    flooder.end()
    withExtendedLifetime(stuck) {}
    let name = isFlood ? "beside a raw viewer that floods" : "beside a stuck raw viewer"
    report.add("\(name): longest gap at 20 fps", longestGap(times) * 1000, "ms", .atMost(150))
    report.add("  alone: longest gap", longestGap(alone) * 1000, "ms")
    report.add("\(name): updates a second", Double(times.count) / 5, "/s")
    report.add("\(name): growth of memory", most - before, "MB", .atMost(48))
  }
}

/// Sends full requests as fast as they go and never reads.
private final class Flooder: Sendable {
  private let isEnded = Atomic(false)
  private let hasStopped = Atomic(false)

  init(_ descriptor: Int32, isFlood: Bool) {
    guard isFlood else {
      hasStopped.store(true, ordering: .relaxed)
      return
    }
    let request = [3, 0] + bytes16(0) + bytes16(0) + bytes16(SharedScreen.width) + bytes16(SharedScreen.height)
    let many = Array(repeatElement(request, count: 400).joined())
    startThread {
      var offset = 0
      while !self.isEnded.load(ordering: .relaxed) {
        let sent = many.withUnsafeBytes {
          send(
            descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
          )
        }
        if sent > 0 { offset = (offset + sent) % many.count } else { usleep(500) }
      }
      self.hasStopped.store(true, ordering: .releasing)
    }
  }

  func end() {
    isEnded.store(true, ordering: .relaxed)
    while !hasStopped.load(ordering: .acquiring) { usleep(1000) }
  }
}

func measureNeighbour(_ report: inout Report) throws {
  let film = Workload.film(frames: 24)
  let server = try ScreenServer()
  defer { server.end() }
  server.screen.show(Workload.desktop())
  let projector = Projector(film, on: server.screen, perSecond: 30, x: 300, y: 200)
  defer { projector.end() }
  let tight = try server.viewer(tightQ6)
  let alone = try watch(tight, seconds: 4)
  let zrle = try server.viewer([Encoding.zrle, Encoding.compression(2)])
  let other = Neighbour(zrle)
  usleep(300_000)
  let beside = try watch(tight, seconds: 4)
  let updates = other.end()
  let (rateAlone, rateBeside) = (Double(alone.count - 1) / 4, Double(beside.count - 1) / 4)
  report.add("Tight viewer of a film at 30 fps, alone", rateAlone, "/s")
  report.add("Tight viewer beside a ZRLE viewer", rateBeside, "/s")
  report.add("ZRLE viewer meanwhile", Double(updates) / 4.3, "/s")
  report.add("Tight viewer keeps of its rate", rateBeside / rateAlone * 100, "%", .atLeast(80))
  report.add("Tight viewer beside ZRLE: longest gap", longestGap(beside) * 1000, "ms")
}

/// A viewer on a thread of its own.
final class Neighbour: @unchecked Sendable {
  private let viewer: RFBTestClient
  private let isEnded = Atomic(false)
  private let hasStopped = Atomic(false)
  private let updates = Atomic(0)

  /// Updates so far.
  var count: Int { updates.load(ordering: .relaxed) }

  init(_ viewer: RFBTestClient) {
    self.viewer = viewer
    startThread {
      try? self.viewer.request(incremental: false)
      while !self.isEnded.load(ordering: .relaxed), (try? self.viewer.nextUpdate()) != nil {
        self.updates.wrappingAdd(1, ordering: .relaxed)
        try? self.viewer.request(incremental: true)
      }
      self.hasStopped.store(true, ordering: .releasing)
    }
  }

  /// How many updates came.
  func end() -> Int {
    isEnded.store(true, ordering: .relaxed)
    while !hasStopped.load(ordering: .acquiring) { usleep(1000) }
    return count
  }
}
