// Figure 4: what it costs to find out that nothing has changed.
import GVTCore
import GVTDisplay
import TestSupport

func compare(_ bench: Bench) throws {
  let size = PixelSize(width: 1920, height: 1080)
  guard let format = PixelFormat.all.first(where: { $0.code.description == "XR24" }) else {
    throw TestFailure("there is no XR24")
  }
  for (name, tiling, target) in [("linear", Tiling.linear, 1.5), ("X-tiled", .x, 3.5), ("Y-tiled", .y, 3.5)] {
    let layout = SurfaceLayout(format: format, tiling: tiling, size: size, strideBytes: 1920 * 4)
    let buffer = PlaneBuffer.bytes(count: layout.byteCount)
    var random = Random(3)
    _ = buffer.withMutableBytes { bytes in
      for index in stride(from: 0, to: bytes.count, by: 3) { bytes[index] = UInt8(random.next(256)) }
    }
    let store = FrameStore(size: size)
    let layer = PictureLayer(buffer: buffer, layout: layout)
    _ = try store.present([layer], size: size, hint: .unknown)
    var costs: [Double] = []
    for _ in 0..<60 {
      let start = threadSeconds()
      _ = try store.present([layer], size: size, hint: .unknown)
      costs.append(threadSeconds() - start)
    }
    let cost = costs.sorted()[costs.count / 4] * 1000
    let what = tiling == .linear ? "compare: unchanged 1080p" : "compare: unchanged 1080p, \(name): detile and compare"
    bench.report(what, cost, "ms", target: target)
  }
}
