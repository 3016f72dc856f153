// Hardware vGPUs, in a VM that plays the host: how soon a running VM is seen, what asking the kernel for its planes costs,
// and whether a flipping guest's frames come whole. All of it is emulated, so that times are those of the rig.
import Foundation
import TestSupport

private let frameCount = 1000
private let buffers = 2

func measureKernel(_ report: inout Report) throws {
  if let missing = HostVM.whatIsMissing {
    report.skip("kernel", because: missing)
    return
  }
  var settings = HostVM.Settings()
  settings.tools = ["vfio-draw"]
  let vm = try HostVM(settings)
  defer { vm.end() }
  let uuid = try vm.makeMdev("mbochs-medium")
  let guest = try DrawnGuest(uuid, in: vm)
  // Each buffer is shown once, so that it has its number.
  try guest.draw("mode 640 480", "frames \(buffers) 60 \(buffers)", "pattern 1")
  try measureAttaching(vm, uuid, &report)
  try measureQueries(guest, &report)
  try measureFrames(vm, guest, uuid, &report)
  try vm.expectNoComplaints()
}

private func measureAttaching(_ vm: HostVM, _ uuid: String, _ report: inout Report) throws {
  var times: (bare: [Double], ready: [Double], picture: [Double]) = ([], [], [])
  for _ in 0..<5 {
    let start = secondsNow()
    try vm.output(of: "gvt-vnc --version")
    let begin = secondsNow()
    let display = try vm.serve("vfio:\(uuid)")
    let ready = secondsNow()
    _ = try display.viewer(.init(Encoding.tight, Encoding.desktopSize)).wholePicture()
    times.bare.append(begin - start)
    times.ready.append(ready - begin)
    times.picture.append(secondsNow() - ready)
    display.end()
  }
  report.add("rig: the program's start alone", times.bare.median, "s")
  report.add("  start, attach to a VM that runs and listen", times.ready.median, "s")
  report.add("  a viewer's connection to its first picture", times.picture.median, "s")
  let ours = times.ready.median + times.picture.median - times.bare.median
  report.add("  attach to first frame, without the program's start", ours * 1000, "ms")
}

private func measureQueries(_ guest: DrawnGuest, _ report: inout Report) throws {
  let text = try guest.draw("costs 10000", within: 120).first ?? ""
  // "costs info 1.00 query 2.00"
  let words = text.split(separator: " ")
  guard words.count == 5, let info = Double(words[2]), let query = Double(words[4]) else {
    throw TestFailure("vfio-draw said: \(text)")
  }
  report.add("rig: QUERY_GFX_PLANE", query, "us", .atMost(20))
  report.add("  an ioctl of the same device that does nothing", info, "us")
}

/// Lets the guest flip as fast as the display follows on this machine, of the rates given; the viewer is then in midst of it.
private func startFlipping(_ guest: DrawnGuest, _ viewer: RFBTestClient) throws {
  for rate in [60, 30, 15, 8, 4, 2] {
    try guest.begin("frames \(buffers) \(rate) 0")
    let trial = try FrameCount(of: 30, by: viewer)
    if Double(trial.pictures) / trial.seconds > 0.8 * Double(rate) { return }
    try guest.begin("sleep 0")
    _ = try guest.finish(2)
  }
  throw TestFailure("the display follows not even two frames a second here")
}

private func measureFrames(_ vm: HostVM, _ guest: DrawnGuest, _ uuid: String, _ report: inout Report) throws {
  let gets = try KernelCalls(of: "dma_buf_export", in: vm)
  let display = try vm.serve("vfio:\(uuid)", "--max-fps 60")
  defer { display.end() }
  let viewer = try display.viewer(.init(Encoding.tight, Encoding.desktopSize))
  try startFlipping(guest, viewer)
  let seen = try FrameCount(of: frameCount, by: viewer)
  let fetched = try gets.count
  try guest.begin("sleep 0")
  // "frames 1234 in 20.500 s, late 0"
  let text = try guest.finish(2).first ?? ""
  let words = text.split(separator: " ")
  guard words.count == 7, let drawn = Double(words[1]), let seconds = Double(words[3]) else {
    throw TestFailure("vfio-draw said: \(text)")
  }
  report.add("rig: a guest with \(buffers) buffers, flips", drawn / seconds, "/s")
  report.add("  frames that a viewer got of it", Double(seen.frames) / seen.seconds, "/s")
  report.add("  torn, of \(frameCount) pictures", Double(seen.torn), "", .atMost(0))
  report.add("  stale", Double(seen.stale), "", .atMost(0))
  report.add("  dmabufs fetched", Double(fetched), "", .atMost(Double(buffers)))
}
