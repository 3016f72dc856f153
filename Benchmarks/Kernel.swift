// Hardware vGPUs, in a VM that plays the host: how soon a running VM is seen, what asking the kernel for its planes costs,
// and whether a flipping guest's frames come whole. All of it is emulated, so that times are those of the rig.
import Foundation
import TestSupport

private let frameCount = 1000
private let buffers = 2
private let rate = 60

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
  try guest.draw("mode 640 480", "frames \(buffers) \(rate) \(buffers)", "pattern 1")
  try measureAttaching(vm, uuid, &report)
  try measureQueries(guest, &report)
  try measureFrames(vm, guest, uuid, &report)
  try vm.expectNoComplaints()
}

/// From the server's start to the first whole picture.
private func firstPicture(of spec: String, in vm: HostVM) throws -> Double {
  try (0..<3).map { _ in
    let start = secondsNow()
    let display = try vm.serve(spec)
    defer { display.end() }
    _ = try display.viewer(.init(Encoding.tight, Encoding.desktopSize)).wholePicture()
    return secondsNow() - start
  }.median
}

private func measureAttaching(_ vm: HostVM, _ uuid: String, _ report: inout Report) throws {
  let bare = try firstPicture(of: "shm:/nothing", in: vm)
  let attached = try firstPicture(of: "vfio:\(uuid)", in: vm)
  report.add("rig: server's start to the picture of a VM that runs", attached, "s")
  report.add("  to the card of a display that has none", bare, "s")
  report.add("  of that attaching", (attached - bare) * 1000, "ms")
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

private func measureFrames(_ vm: HostVM, _ guest: DrawnGuest, _ uuid: String, _ report: inout Report) throws {
  let gets = try KernelCalls(of: "dma_buf_export", in: vm)
  let display = try vm.serve("vfio:\(uuid)", "--max-fps \(rate)")
  defer { display.end() }
  try guest.begin("frames \(buffers) \(rate) 0")
  let viewer = try display.viewer(.init(Encoding.tight, Encoding.desktopSize))
  try FrameCount.waitForFrames(viewer)
  let seen = try FrameCount(of: frameCount, by: viewer)
  try guest.begin("off")
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
  report.add("  dmabufs fetched", Double(try gets.count), "", .atMost(Double(buffers)))
}
