// A stock kernel on the vGPU: how soon its console is there, how its page flips come through, what it costs when idle.
import Foundation
import TestSupport

private let size = (width: 1280, height: 800)

/// Seconds from QEMU's start until a viewer has a whole picture of the console's mode.
private func waitForConsole(_ viewer: RFBTestClient, since start: Double) throws -> Double {
  try viewer.follow(within: 120) { $0.picture.width == size.width && $0.picture.height == size.height }
  return secondsNow() - start
}

func measureGuest(_ report: inout Report) throws {
  if let missing = GuestImages.whatIsMissing(kernels: [.bookworm]) {
    report.skip("guest", because: missing)
    return
  }
  let standard = try bootOnStandardVGA()
  let start = secondsNow()
  let served = try ServedGuest(.init(.bookworm), "size=\(size.width)x\(size.height)", arguments: ["--max-fps", "60"])
  let viewer = try served.viewer()
  let ours = try waitForConsole(viewer, since: start)
  try served.guest.waitForBoot()
  report.add("Linux 6.1, QEMU's start to the console: -vga std and bochs", standard, "s")
  report.add("  on the vGPU with i915", ours, "s", .atMost(standard + 1))
  let console = served.guest.consoleLog
  if let first = stamp(of: "Virtual GPU for Intel GVT-g detected", in: console),
    let last = stamp(of: "i915drmfb frame", in: console)
  {
    report.add("  of that from the first register to the console", last - first, "s")
  }
  if let count = try trappedAccesses(served) { report.add("  register accesses that trapped", count, "") }
  try measureFlips(served, &report)
  try measureIdleGuest(served, viewer, &report)
}

/// The same guest with QEMU's own VGA, seen through QEMU's own VNC server.
private func bootOnStandardVGA() throws -> Double {
  var settings = VGPUGuest.Settings(.bookworm)
  settings.slot = nil
  settings.driver = "bochs"
  settings.arguments = ["-device", "VGA,addr=02.0", "-vnc", "unix:%/vnc"]
  let guest = try VGPUGuest(settings)
  let start = secondsNow()
  try guest.start()
  let viewer = try RFBTestClient(
    .unix(path: guest.outside + "/vnc"), .init(Encoding.raw, Encoding.desktopSize))
  return try waitForConsole(viewer, since: start)
}

/// The time that the kernel put before its line that contains `text`.
private func stamp(of text: String, in log: String) -> Double? {
  log.split(whereSeparator: \.isNewline).last { $0.contains(text) }.flatMap { line in
    line.split(separator: "]").first.flatMap { Double($0.drop { $0 == "[" || $0 == " " }) }
  }
}

/// As `gvt-vnc vgpu list --json` tells it.
private func trappedAccesses(_ served: ServedGuest) throws -> Double? {
  let list = try runToEnd(
    Project.program, ["vgpu", "list", "--json"], environment: ["GVT_VNC_RUN": served.runFolder]
  ).output
  guard let key = list.range(of: "\"trappedAccesses\"") else { return nil }
  return Double(list[key.upperBound...].drop { !$0.isNumber }.prefix { $0.isNumber })
}

private func measureFlips(_ served: ServedGuest, _ report: inout Report) throws {
  let agent = try served.guest.agent
  var options = RFBTestClient.Options()
  options.encodings = tightQ6
  options.decodes = false
  let counter = Neighbour(try RFBTestClient(served.display.address, options))
  let running = try agent.start("kms flip 10")
  usleep(3_000_000)
  let (before, start) = (counter.count, secondsNow())
  usleep(5_000_000)
  let updates = Double(counter.count - before) / (secondsNow() - start)
  let text = try agent.finish(running, within: 60).output
  _ = counter.end()
  // "flips 598 in 10.001 s, 59.79/s, longest 20.1 ms"
  let words = text.split(whereSeparator: { " ,/\n".contains($0) })
  guard let place = words.firstIndex(of: "flips"), words.count > place + 5, let rate = Double(words[place + 5]) else {
    throw TestFailure("kms flip said: \(text)")
  }
  report.add("page flips in the guest, 10 s", rate, "/s", .atLeast(55))
  report.add("  updates that a viewer got meanwhile, --max-fps 60", updates, "/s", .atLeast(rate * 0.95))
}

private func measureIdleGuest(_ served: ServedGuest, _ viewer: RFBTestClient, _ report: inout Report) throws {
  let meter = ProcessMeter(pid: served.display.program.pid)
  // A cursor that blinks is a picture that changes.
  try served.guest.agent.run("echo 0 >/sys/class/graphics/fbcon/cursor_blink")
  try viewer.request(incremental: true)
  let end = secondsNow() + 8
  while viewer.connection.isReadable(within: max(0, end - secondsNow())), secondsNow() < end {
    _ = try viewer.nextMessage()
    try viewer.request(incremental: true)
  }
  report.add("idle guest, a viewer that watches", load(meter, seconds: 8), "%", .atMost(1))
  shutdown(viewer.connection.descriptor, Int32(SHUT_RDWR))
  usleep(1_000_000)
  report.add("idle guest, no viewer", load(meter, seconds: 8), "%", .atMost(0.2))
}
