// A picture that is drawn into: 32-bit pixels in ordinary memory, for status cards and the demo guest.
package import GVTCore

/// Pixels 0x00RRGGBB and the ways to draw them. What a drawing call does to a pixel depends on that pixel's place only,
/// never on ``clip``: drawing a part anew gives the same pixels as drawing everything.
package struct Canvas: Sendable {
  package let size: PixelSize
  /// Row by row, without gaps.
  package private(set) var pixels: [UInt32]
  /// Nothing is drawn outside. Set by ``clipped(to:_:)``.
  package private(set) var clip: PixelRect

  package init(size: PixelSize, colour: UInt32 = 0) {
    precondition(!size.isEmpty, "a canvas has at least one pixel")
    self.size = size
    pixels = Array(repeating: colour, count: size.area)
    clip = size.bounds
  }

  /// A canvas that already shows something.
  package init(size: PixelSize, pixels: [UInt32]) {
    precondition(!size.isEmpty && pixels.count == size.area, "a canvas of \(size) has \(size.area) pixels")
    self.size = size
    self.pixels = pixels
    clip = size.bounds
  }

  package subscript(x: Int, y: Int) -> UInt32 { pixels[y * size.width + x] }

  /// Draws with `body` inside `rect` only.
  package mutating func clipped(to rect: PixelRect, _ body: (inout Canvas) -> Void) {
    let outer = clip
    clip = outer.intersection(rect)
    if !clip.isEmpty { body(&self) }
    clip = outer
  }

  /// Runs `shade` over each row's part of `rect` that is visible: the row, its first x, and its pixels.
  package mutating func shadeRows(
    of rect: PixelRect, _ shade: (_ y: Int, _ x: Int, _ row: inout MutableSpan<UInt32>) -> Void
  ) {
    let part = rect.intersection(clip)
    guard !part.isEmpty else { return }
    let width = size.width
    unsafe pixels.withUnsafeMutableBufferPointer { all in
      for y in part.y..<part.maxY {
        let start = y * width + part.x
        var row = unsafe UnsafeMutableBufferPointer(rebasing: all[start..<(start + part.width)]).mutableSpan
        shade(y, part.x, &row)
      }
    }
  }

  package mutating func fill(_ rect: PixelRect, _ colour: UInt32, alpha: Int = 255) {
    shadeRows(of: rect) { _, _, row in
      if alpha == 255 {
        for index in 0..<row.count { row[index] = colour }
      } else {
        for index in 0..<row.count { row[index] = blend(colour, over: row[index], alpha: alpha) }
      }
    }
  }

  /// A vertical gradient, dithered so that it shows no bands.
  package mutating func fill(_ rect: PixelRect, from top: UInt32, to bottom: UInt32) {
    let height = max(1, rect.height - 1)
    shadeRows(of: rect) { y, x, row in
      for index in 0..<row.count {
        row[index] = mix(top, bottom, position: y - rect.y, of: height, dither: threshold(x + index, y))
      }
    }
  }

  /// The part of `image` that falls on the visible part of the canvas, its top left corner at `point`.
  package mutating func copy(_ image: Canvas, at point: PixelPoint) {
    let place = PixelRect(x: point.x, y: point.y, width: image.size.width, height: image.size.height)
    let source = image.pixels.span
    shadeRows(of: place) { y, x, row in
      let start = (y - point.y) * image.size.width + x - point.x
      for index in 0..<row.count { row[index] = source[start + index] }
    }
  }

  /// Draws `text` from `pen`, a point on its baseline, and says where the pen is then.
  @discardableResult
  package mutating func text(
    _ text: some StringProtocol, at pen: PixelPoint, _ font: Font, _ colour: UInt32, alpha: Int = 255
  ) -> Int {
    var x = pen.x
    for scalar in text.unicodeScalars {
      let glyph = font.glyph(for: scalar)
      draw(glyph, at: PixelPoint(x: x + glyph.left, y: pen.y - glyph.top), colour, alpha: alpha)
      x += glyph.advance
    }
    return x
  }

  private mutating func draw(_ glyph: Glyph, at corner: PixelPoint, _ colour: UInt32, alpha: Int) {
    let place = PixelRect(x: corner.x, y: corner.y, width: glyph.width, height: glyph.height)
    shadeRows(of: place) { y, x, row in
      let start = (y - corner.y) * glyph.width + x - corner.x
      for index in 0..<row.count {
        let coverage = Int(glyph.coverage[start + index]) * alpha / 15
        if coverage > 0 { row[index] = blend(colour, over: row[index], alpha: coverage) }
      }
    }
  }
}

/// `colour` over `under`, each channel rounded; `alpha` 0...255.
@inline(__always)
package func blend(_ colour: UInt32, over under: UInt32, alpha: Int) -> UInt32 {
  let a = UInt32(truncatingIfNeeded: alpha + alpha >> 7)  // 0...256
  let b = 256 - a
  // Red and blue in one go: their products stay apart by eight bits.
  let outer = ((colour & 0xff00ff) &* a &+ (under & 0xff00ff) &* b &+ 0x800080) >> 8 & 0xff00ff
  let green = ((colour & 0x00ff00) &* a &+ (under & 0x00ff00) &* b &+ 0x008000) >> 8 & 0x00ff00
  return outer | green
}

/// A colour `position / length` of the way from `a` to `b`, with a dither of 0...15.
@inline(__always)
package func mix(_ a: UInt32, _ b: UInt32, position: Int, of length: Int, dither: Int = 8) -> UInt32 {
  func channel(_ shift: UInt32) -> UInt32 {
    let from = Int(a >> shift & 255)
    let to = Int(b >> shift & 255)
    let value = (from * length + (to - from) * position) * 16 / length
    return UInt32(min(255, max(0, (value + dither) >> 4))) << shift
  }
  return channel(16) | channel(8) | channel(0)
}

/// A 4x4 ordered dither's threshold, 0...15.
@inline(__always)
package func threshold(_ x: Int, _ y: Int) -> Int {
  // The Bayer matrix, four bits an entry, row by row.
  let matrix: UInt64 = 0x5d7f_91b3_6e4c_a280
  return Int(matrix >> UInt64(4 * (4 * (y & 3) + (x & 3))) & 15)
}
