// The screen that benchmarks paint: a plane in a shared file, and what is painted on it.
import Glibc
import TestSupport

/// A mapped XR24 plane that `gvt-vnc serve` shows.
final class Screen {
  let width: Int
  let height: Int
  let pixels: UnsafeMutablePointer<UInt32>
  let spec: String
  private let folder: TemporaryFolder

  init(width: Int = 1920, height: Int = 1080) throws {
    self.width = width
    self.height = height
    folder = try TemporaryFolder()
    let path = folder.path("screen")
    let bytes = width * height * 4
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, ftruncate(descriptor, bytes) == 0,
      let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { throw TestFailure("cannot map a screen in \(path)") }
    pixels = memory.bindMemory(to: UInt32.self, capacity: width * height)
    spec = "shm:\(path)?size=\(width)x\(height)&format=XR24"
  }

  deinit { munmap(pixels, width * height * 4) }

  var picture: Picture {
    Picture(width: width, height: height, pixels: (0..<width * height).map { pixels[$0] & 0xff_ffff })
  }

  /// Copies a picture to a place.
  func paint(_ picture: Picture, x: Int = 0, y: Int = 0) {
    picture.pixels.withUnsafeBufferPointer { source in
      guard let first = source.baseAddress else { return }
      for row in 0..<picture.height {
        (pixels + (y + row) * width + x).update(from: first + row * picture.width, count: picture.width)
      }
    }
  }
}

/// A generator whose numbers are the same in each run.
struct Random {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % bound
  }
}

/// Something like a photo: smooth noise in six octaves, each half as strong, and grain.
func photo(width: Int, height: Int, seed: UInt64) -> Picture {
  var random = Random(seed)
  var channels: [[Float]] = []
  for _ in 0..<3 {
    var channel = [Float](repeating: 128, count: width * height)
    var strength: Float = 64
    for cell in [512, 256, 128, 64, 32, 16] {
      addNoise(to: &channel, width, height, cell: cell, strength: strength, &random)
      strength /= 2
    }
    channels.append(channel)
  }
  var picture = Picture(width: width, height: height)
  for index in 0..<width * height {
    let grain = Float(random.next(9) - 4)
    var pixel: UInt32 = 0
    for channel in 0..<3 { pixel = pixel << 8 | UInt32(min(255, max(0, channels[channel][index] + grain))) }
    picture.pixels[index] = pixel
  }
  return picture
}

private func addNoise(
  to channel: inout [Float], _ width: Int, _ height: Int, cell: Int, strength: Float, _ random: inout Random
) {
  let columns = width / cell + 2
  let grid = (0..<columns * (height / cell + 2)).map { _ in Float(random.next(2001) - 1000) / 1000 * strength }
  for y in 0..<height {
    let (row, down) = (y / cell * columns, Float(y % cell) / Float(cell))
    for x in 0..<width {
      let at = row + x / cell
      let right = Float(x % cell) / Float(cell)
      let upper = grid[at] + (grid[at + 1] - grid[at]) * right
      let lower = grid[at + columns] + (grid[at + columns + 1] - grid[at + columns]) * right
      channel[y * width + x] += upper + (lower - upper) * down
    }
  }
}

/// A terminal full of text in several colours, `scroll` lines further down: letters are blocky shapes of a font.
func terminal(width: Int, height: Int, scroll: Int) -> Picture {
  var picture = Picture(width: width, height: height, pixels: Array(repeating: 0x101418, count: width * height))
  let (letterWidth, lineHeight) = (9, 18)
  let colours: [UInt32] = [0xd0d0d0, 0x60d060, 0xe0b040, 0x60a0f0, 0xf07070, 0xc080e0]
  for line in 0..<height / lineHeight {
    var random = Random(UInt64(line + scroll + 1))
    var colour = colours[0]
    for column in 0..<random.next(60) + width / letterWidth - 70 {
      if random.next(8) == 0 { colour = colours[random.next(colours.count)] }
      if random.next(6) == 0 { continue }
      letter(random.next(60), colour, at: column * letterWidth, line * lineHeight, of: &picture)
    }
  }
  return picture
}

/// Seven by eleven dots with soft edges, as antialiased text has.
private func letter(_ which: Int, _ colour: UInt32, at x: Int, _ y: Int, of picture: inout Picture) {
  var shape = Random(UInt64(which + 1000))
  let soft = (colour >> 1 & 0x7f7f7f) + 0x080a0c
  for row in 3..<14 {
    let bits = shape.next(128)
    for column in 0..<7 where bits >> column & 1 != 0 {
      picture.pixels[(y + row) * picture.width + x + column] = (row + column) % 4 == 0 ? soft : colour
    }
  }
}
