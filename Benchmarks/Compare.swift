// The parts that every captured frame goes through, each by itself.
import GVTCore
import GVTDisplay
import TestSupport

/// The median CPU milliseconds of `rounds` runs.
private func cost(rounds: Int = 60, _ body: () throws -> Void) rethrows -> Double {
  var times: [Double] = []
  for _ in 0..<rounds {
    let start = threadSeconds()
    try body()
    times.append((threadSeconds() - start) * 1000)
  }
  return times.median
}

func measureCompare(_ report: inout Report) throws {
  let size = PixelSize(width: SharedScreen.width, height: SharedScreen.height)
  let photo = Workload.photo(width: size.width, height: size.height, seed: 3)
  let store = FrameStore(size: size)
  for (name, high) in [("unchanged", UInt32(0)), ("unchanged, fourth bytes set", 0xff00_0000)] {
    let buffer = PlaneBuffer.bytes(count: size.area * 4)
    _ = buffer.withMutableBytes { bytes in
      let pixels = bytes.bindMemory(to: UInt32.self)
      for index in 0..<size.area { pixels[index] = photo.pixels[index] | high }
    }
    let layer = PictureLayer(
      buffer: buffer, layout: SurfaceLayout(format: .xrgb8888, size: size, strideBytes: size.width * 4))
    _ = try store.present([layer], size: size, hint: .unknown)
    let time = try cost { _ = try store.present([layer], size: size, hint: .unknown) }
    report.add("compare and copy a 1080p frame, \(name)", time, "ms", .atMost(1.5))
  }
  try measureDmabuf(photo.pixels, size, &report)
  let others = (0..<2).map { number in
    let buffer = PlaneBuffer.bytes(count: size.area * 4)
    _ = buffer.withMutableBytes { bytes in
      let pixels = bytes.bindMemory(to: UInt32.self)
      for index in 0..<size.area { pixels[index] = photo.pixels[index] ^ UInt32(number * 0x01_0101) }
    }
    return PictureLayer(
      buffer: buffer, layout: SurfaceLayout(format: .xrgb8888, size: size, strideBytes: size.width * 4))
  }
  var turn = 0
  let changed = try cost {
    turn += 1
    _ = try store.present([others[turn % 2]], size: size, hint: .unknown)
  }
  report.add("compare and copy a 1080p frame, all of it changed", changed, "ms")
  for tiling in [Tiling.x, .y] {
    let unit = tiling.strideUnitBytes(bytesPerPixel: 4)
    let layout = SurfaceLayout(
      format: .xrgb8888, tiling: tiling, size: size, strideBytes: (size.width * 4 + unit - 1) / unit * unit)
    let buffer = PlaneBuffer.bytes(count: layout.byteCount)
    var random = Randomness(4)
    _ = buffer.withMutableBytes { bytes in
      let words = bytes.bindMemory(to: UInt64.self)
      for index in words.indices { words[index] = random.next() & 0x00ff_ffff_00ff_ffff }
    }
    let target = UnsafeMutableRawPointer.allocate(byteCount: size.area * 4, alignment: 64)
    defer { target.deallocate() }
    let time = try cost {
      try buffer.read { bytes in
        guard let first = bytes.baseAddress else { return }
        Detiler.copy(size.bounds, of: layout, from: first, to: target, strideBytes: size.width * 4)
      }
    }
    report.add("detile a 1080p frame, \(tiling.rawValue)", time, "ms", .atMost(2))
    let layer = PictureLayer(buffer: buffer, layout: layout)
    _ = try store.present([layer], size: size, hint: .unknown)
    let whole = try cost { _ = try store.present([layer], size: size, hint: .unknown) }
    report.add("detile and compare an unchanged 1080p frame, \(tiling.rawValue)", whole, "ms")
  }
}

/// A dmabuf is copied once before it is compared, as if no cache held it; a memfd takes its place.
private func measureDmabuf(_ pixels: [UInt32], _ size: PixelSize, _ report: inout Report) throws {
  let file = try Files.inMemory(named: "dmabuf")
  let bytes = pixels.withUnsafeBytes { Array($0) }
  try Files.write(bytes, to: file.raw)
  let layer = PictureLayer(
    buffer: try .dmabuf(file), layout: SurfaceLayout(format: .xrgb8888, size: size, strideBytes: size.width * 4))
  let store = FrameStore(size: size)
  _ = try store.present([layer], size: size, hint: .unknown)
  let look = try cost { _ = try store.present([layer], size: size, hint: .unknown) }
  report.add("look at a still 1080p dmabuf", look, "ms")
  // A viewer that watches a still picture has it looked at five times a second, after five seconds.
  report.add("  of a core at five looks a second", look / 10 * 5, "%", .atMost(1.5))
}
