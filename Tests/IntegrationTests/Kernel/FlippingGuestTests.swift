// A guest that draws into one buffer while it shows another: its frames come whole and in order, and its buffers are
// fetched once.
import TestSupport
import Testing

extension RealPeers.Kernel {
  @Suite struct FlippingGuestTests {
    /// Frames a second: a debug build on an emulated processor copies each in good time. `make bench ARGS=kernel` has 60.
    private let rate = 5

    @Test(arguments: [2, 3]) func `frames of a flipping guest are never torn or stale, and no buffer is fetched twice`(
      buffers: Int
    ) throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = try vm.makeMdev("mbochs-medium")
      do {
        let guest = try DrawnGuest(uuid, in: vm)
        try guest.draw("mode 320 240", "frames \(buffers) \(rate) \(buffers)")
        let gets = try KernelCalls(of: "dma_buf_export", in: vm)
        try vm.serve("vfio:\(uuid)", "--max-fps 60").use { display in
          try guest.begin("frames \(buffers) \(rate) 0")
          let viewer = try display.viewer(.init(Encoding.tight, Encoding.desktopSize))
          try FrameCount.waitForFrames(viewer)
          let seen = try FrameCount(of: 40, by: viewer)
          #expect(seen.torn == 0 && seen.stale == 0, "\(seen)")
          #expect(seen.frames > 30, "\(seen)")
          #expect(try gets.count <= buffers)
          try guest.begin("off")
          _ = try guest.finish(2)
        }
        guest.kill()
      }
      try vm.removeMdev(uuid)
    }
  }
}
