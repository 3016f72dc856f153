// What is on the screens: photo-like pictures, a scrolling terminal, a video in a desktop.
import GVTCore
import GVTDisplay

struct Image: Sendable {
  var width: Int
  var height: Int
  var pixels: [UInt32]

  func cropped(x: Int, y: Int, width: Int, height: Int) -> Image {
    var part = Image(width: width, height: height, pixels: [])
    part.pixels.reserveCapacity(width * height)
    for row in y..<y + height { part.pixels += pixels[row * self.width + x..<row * self.width + x + width] }
    return part
  }
}

/// xorshift64*, so that every run sees the same pictures.
struct Randomness: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

enum Workload {
  /// Smooth noise of every scale, weaker the finer it is (1/f), with a little grain: compresses like a photograph.
  static func photo(width: Int, height: Int, seed: UInt64, grain: Int = 3) -> Image {
    var random = Randomness(seed)
    var channels = [[Float]](repeating: [Float](repeating: 128, count: width * height), count: 3)
    var cell = 512
    while cell >= 2 {
      let strength = Float(cell) / 512 * 60 + 4
      addNoise(cell: cell, strength: strength, width: width, height: height, to: &channels, &random)
      cell /= 2
    }
    let pixels = (0..<width * height).map { index -> UInt32 in
      let noise = Int(truncatingIfNeeded: random.next() % UInt64(2 * grain + 1)) - grain
      return channels.reduce(UInt32(0)) { $0 << 8 | UInt32(min(max(Int($1[index]) + noise, 0), 255)) }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  private static func addNoise(
    cell: Int, strength: Float, width: Int, height: Int, to channels: inout [[Float]], _ random: inout Randomness
  ) {
    let (columns, rows) = (width / cell + 2, height / cell + 2)
    // Colours vary less than brightness.
    let light = (0..<columns * rows).map { _ in Float(random.next() % 2001) / 1000 - 1 }
    for channel in 0..<3 {
      let tint = light.map { $0 + 0.4 * (Float(random.next() % 2001) / 1000 - 1) }
      channels[channel].withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          let down = Float(y % cell) / Float(cell)
          let row = y / cell * columns
          for x in 0..<width {
            let right = Float(x % cell) / Float(cell)
            let at = row + x / cell
            let top = tint[at] + (tint[at + 1] - tint[at]) * right
            let bottom = tint[at + columns] + (tint[at + columns + 1] - tint[at + columns]) * right
            target[y * width + x] += strength * (top + (bottom - top) * down)
          }
        }
      }
    }
  }

  /// A still desktop: a smooth wallpaper without grain, a panel, windows.
  static func desktop() -> Image {
    var canvas = Canvas(size: PixelSize(width: SharedScreen.width, height: SharedScreen.height))
    canvas.fill(canvas.size.bounds, from: 0x20_4060, to: 0x60_3040)
    canvas.fill(PixelRect(x: 0, y: 0, width: SharedScreen.width, height: 32), 0x30_3030)
    canvas.text("Activities", at: PixelPoint(x: 12, y: 22), .medium, 0xff_ffff)
    return Image(width: canvas.size.width, height: canvas.size.height, pixels: canvas.pixels)
  }

  /// A 192x54 terminal, each frame one line further, as a compiler's or a package manager's output looks.
  static func terminal(frames: Int, isSmooth: Bool) -> [Image] {
    let (columns, rows, cellWidth, cellHeight) = (192, 54, 10, 20)
    let colours: [UInt32] = [0xcc_cccc, 0x4e_9a06, 0xc4_a000, 0x72_9fcf, 0xcc_0000, 0x34_e2e2]
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_/.:=()".unicodeScalars)
    var random = Randomness(7)
    var sheet = [UInt32](repeating: 0x10_1010, count: SharedScreen.width * cellHeight * (rows + frames))
    for row in 0..<rows + frames {
      let length = columns / 4 + Int(random.next() % UInt64(columns * 3 / 4))
      var column = 0
      while column < length {
        let word = 2 + Int(random.next() % 10)
        let colour = random.next() % 3 == 0 ? colours[Int(random.next() % 6)] : colours[0]
        for place in column..<min(column + word, length) {
          let glyph = Font.mono.glyph(for: letters[Int(random.next() % UInt64(letters.count))])
          let top = row * cellHeight + 15 - glyph.top
          for y in 0..<min(glyph.height, cellHeight) {
            for x in 0..<min(glyph.width, cellWidth) {
              let coverage = Int(glyph.coverage[y * glyph.width + x])
              let alpha = isSmooth ? coverage * 17 : coverage >= 8 ? 255 : 0
              let at = (top + y) * SharedScreen.width + place * cellWidth + max(0, glyph.left) + x
              if alpha > 0, at >= 0, at < sheet.count { sheet[at] = blend(colour, over: sheet[at], alpha: alpha) }
            }
          }
        }
        column += word + 1
      }
    }
    let whole = Image(width: SharedScreen.width, height: cellHeight * (rows + frames), pixels: sheet)
    return (0..<frames).map {
      whole.cropped(x: 0, y: $0 * cellHeight, width: SharedScreen.width, height: cellHeight * rows)
    }
  }

  /// Frames of a 1280x720 film: a photo that pans, with grain that never rests.
  static func film(frames: Int) -> [Image] {
    let big = photo(width: 1280 + 8 * frames, height: 720, seed: 5, grain: 0)
    var random = Randomness(9)
    return (0..<frames).map { number in
      var frame = big.cropped(x: number * 8, y: 0, width: 1280, height: 720)
      for index in frame.pixels.indices {
        let grain = Int(random.next() % 9) - 4
        frame.pixels[index] = [16, 8, 0].reduce(UInt32(0)) { pixel, shift in
          let value = Int(frame.pixels[index] >> UInt32(shift) & 0xff) + grain
          return pixel | UInt32(min(max(value, 0), 255)) << UInt32(shift)
        }
      }
      return frame
    }
  }
}
