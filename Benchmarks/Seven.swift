// As many vGPUs as there can be, each with a guest that flips at 60 Hz and a viewer of its own.
import Glibc
import TestSupport

func measureSeven(_ report: inout Report) throws {
  let servers = try (0..<7).map { _ in try DemoServer("type=i915-GVTg_V5_8&size=1024x768") }
  defer { for server in servers { server.end() } }
  let viewers = try servers.map { Neighbour(try $0.viewer()) }
  usleep(2_000_000)
  let (before, start) = (viewers.map(\.count), secondsNow())
  usleep(10_000_000)
  let seconds = secondsNow() - start
  let rates = zip(viewers, before).map { Double($0.count - $1) / seconds }
  for viewer in viewers { _ = viewer.end() }
  let (slowest, fastest) = (rates.min() ?? 0, rates.max() ?? 0)
  report.add("seven guests at 60 Hz, 1024x768: the slowest viewer", slowest, "/s", .atLeast(20))
  report.add("  the fastest viewer", fastest, "/s")
  report.add("  the slowest behind the fastest", (1 - slowest / max(fastest, 1)) * 100, "%", .atMost(20))
}
