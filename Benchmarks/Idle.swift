// What a display costs on which nothing changes.
import Glibc
import TestSupport

/// Per cent of a core over `seconds`.
func load(_ meter: ProcessMeter, seconds: Double) -> Double {
  let (before, start) = (meter.cpuSeconds, secondsNow())
  usleep(UInt32(seconds * 1e6))
  return (meter.cpuSeconds - before) / (secondsNow() - start) * 100
}

func measureIdle(_ report: inout Report) throws {
  let server = try ScreenServer()
  defer { server.end() }
  server.screen.show(Workload.desktop())
  try measureIdle("still shm screen", server.server.address, server.meter, &report)
  let demo = try DemoServer()
  defer { demo.end() }
  try measureIdle("still demo", demo.address, demo.meter, &report) { try demo.stopMotion(with: $0) }
}

private func measureIdle(
  _ name: String, _ address: ServerAddress, _ meter: ProcessMeter, _ report: inout Report,
  prepare: (RFBTestClient) throws -> Void = { _ in }
) throws {
  usleep(500_000)
  report.add("\(name), no viewer", load(meter, seconds: 5), "%", .atMost(0.1))
  var options = RFBTestClient.Options()
  options.encodings = tightQ6
  options.decodes = false
  let viewer = try RFBTestClient(address, options)
  try viewer.request(incremental: false)
  _ = try viewer.nextUpdate()
  try prepare(viewer)
  try viewer.request(incremental: true)
  while viewer.connection.isReadable(within: 0.5) {
    _ = try viewer.nextMessage()
    try viewer.request(incremental: true)
  }
  report.add("\(name), a viewer just came", load(meter, seconds: 2), "%")
  // The display looks ever less often at a picture that stands still; the promise is for the end of that.
  usleep(4_500_000)
  report.add("\(name), a viewer that watches", load(meter, seconds: 6), "%", .atMost(0.5))
  withExtendedLifetime(viewer) {}
}
