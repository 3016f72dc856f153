// From a key press in the demo's text field to the first byte of the update that shows it.
import Glibc
import TestSupport

private let f2 = 0xffbf

/// The demo guest, shown by a server of its own.
final class DemoServer {
  private let folder: TemporaryFolder
  private let server: ServedDisplay
  let meter: ProcessMeter
  var address: ServerAddress { server.address }

  init(_ options: String = "size=1920x1080") throws {
    folder = try TemporaryFolder()
    server = try ServedDisplay("vgpu:demo?\(options)", in: folder)
    meter = ProcessMeter(pid: server.program.pid)
  }

  func end() { server.end() }

  func viewer() throws -> RFBTestClient {
    var options = RFBTestClient.Options()
    options.encodings = tightQ6
    options.decodes = false
    return try RFBTestClient(address, options)
  }

  /// Nothing moves from now on until a key is pressed.
  func stopMotion(with viewer: RFBTestClient) throws { try viewer.press(f2) }
}

func measureLatency(_ report: inout Report) throws {
  for isStatic in [false, true] {
    let server = try DemoServer()
    defer { server.end() }
    let viewer = try server.viewer()
    try viewer.request(incremental: false)
    _ = try viewer.nextUpdate()
    try viewer.request(incremental: true)
    if isStatic { try server.stopMotion(with: viewer) }
    try follow(viewer, seconds: 1)
    var random = Randomness(2)
    var times: [Double] = []
    for number in 0..<120 {
      try follow(viewer, seconds: 0.03 + Double(random.next() % 1000) / 20_000)
      let key = 0x61 + number % 26
      let start = secondsNow()
      try viewer.key(key, isDown: true)
      times.append((try timeOfTextUpdate(viewer) - start) * 1000)
      try viewer.key(key, isDown: false)
    }
    let name = isStatic ? "key to update, still demo" : "key to update, moving demo"
    report.add("\(name): median", times.median, "ms")
    report.add("\(name): p95", times.quantile(0.95), "ms", .atMost(25))
  }
}

/// Takes in updates for a while; a request is always open.
private func follow(_ viewer: RFBTestClient, seconds: Double) throws {
  let end = secondsNow() + seconds
  while viewer.connection.isReadable(within: max(0, end - secondsNow())) {
    if case .update = try viewer.nextMessage() { try viewer.request(incremental: true) }
    if secondsNow() >= end { break }
  }
}

/// When the first byte came of the update that changes the text field, in the upper left of the screen, with the lines about the key; nothing else that moves is
/// there.
private func timeOfTextUpdate(_ viewer: RFBTestClient) throws -> Double {
  while true {
    guard viewer.connection.isReadable(within: 5) else { throw TestFailure("a key press changes nothing") }
    let time = secondsNow()
    guard case .update(let update) = try viewer.nextMessage() else { continue }
    try viewer.request(incremental: true)
    if update.rectangles.contains(where: { $0.x < 1060 && $0.y < 500 && $0.encoding == Encoding.tight }) {
      return time
    }
  }
}
