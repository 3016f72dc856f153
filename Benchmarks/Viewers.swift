// Viewers that run on threads of their own and note when what came.
import Glibc
import Synchronization
import TestSupport

/// What one viewer got: for each update when it was complete, its bytes and how many pixels it covered.
struct Arrivals: Sendable {
  var times: [Double] = []
  var bytes = 0
  var area = 0
  var failure: String?

  /// The longest time without an update between `start` and `end`.
  func longestGap(from start: Double, to end: Double) -> Double {
    var last = start
    var gap = 0.0
    for time in times where time > start && time < end {
      gap = max(gap, time - last)
      last = time
    }
    return max(gap, end - last)
  }

  func count(from start: Double, to end: Double) -> Int { times.count { $0 > start && $0 < end } }
}

/// Asks for changes as fast as they come.
final class ViewerThread: Sendable {
  private let arrivals = Mutex(Arrivals())
  private let isEnding = Atomic(false)
  private let hasEnded = Atomic(false)

  init(_ address: ServerAddress, _ options: RFBTestClient.Options) {
    let body = Body { [self] in
      do { try watch(address, options) } catch { arrivals.withLock { $0.failure = "\(error)" } }
      hasEnded.store(true, ordering: .releasing)
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(body).toOpaque())
    pthread_detach(thread)
  }

  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private func watch(_ address: ServerAddress, _ options: RFBTestClient.Options) throws {
    let client = try RFBTestClient(address, options)
    try client.request(incremental: false)
    while !isEnding.load(ordering: .relaxed) {
      guard client.connection.isReadable(within: 0.1) else { continue }
      guard case .update(let update) = try client.nextMessage() else { continue }
      let now = secondsNow()
      try client.request(incremental: true)
      let area = update.rectangles.reduce(0) { $0 + ($1.encoding >= 0 ? $1.width * $1.height : 0) }
      arrivals.withLock {
        if area > 0 { $0.times.append(now) }
        $0.bytes += update.bytes
        $0.area += area
      }
    }
  }

  var snapshot: Arrivals { arrivals.withLock { $0 } }

  @discardableResult
  func end() throws -> Arrivals {
    isEnding.store(true, ordering: .relaxed)
    _ = poll(for: 5) { hasEnded.load(ordering: .acquiring) }
    let result = snapshot
    if let failure = result.failure { throw TestFailure("a viewer failed: \(failure)") }
    return result
  }
}

extension RFBTestClient.Options {
  /// A viewer that reads past pixels.
  static func watching(_ encodings: Int32...) -> Self {
    var options = Self()
    options.encodings = encodings + [Encoding.lastRect, Encoding.richCursor, Encoding.desktopSize]
    options.decodes = false
    return options
  }
}

/// Calls `paint` `rate` times a second for `seconds`.
func painting(atRate rate: Double, for seconds: Double, _ paint: (Int) -> Void) {
  let start = secondsNow()
  var number = 0
  while secondsNow() - start < seconds {
    paint(number)
    number += 1
    let rest = start + Double(number) / rate - secondsNow()
    if rest > 0 { usleep(UInt32(rest * 1e6)) }
  }
}
