// Pictures for the encoder's tests: text, photos, flat areas, and mixtures, the same in each run.
import GVTCore
import GVTDisplay

/// Small, fast and repeatable (xorshift64).
struct RepeatableRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

/// How a rectangle of a test picture is filled.
enum Texture: CaseIterable {
  case flat
  case checked
  case terminal
  case fewColours
  case photo
  case noise
}

extension Frame {
  func fill(_ rect: PixelRect, _ texture: Texture, seed: UInt64) {
    var random = RepeatableRandom(seed: seed)
    let colours = (0..<48).map { _ in UInt32.random(in: 0...0xff_ffff, using: &random) }
    let photo = PhotoTexture(seed: seed)
    let glyphs = (0..<64).map { _ in UInt64.random(in: .min ... .max, using: &random) }
    for y in rect.y..<rect.maxY {
      for x in rect.x..<rect.maxX {
        switch texture {
        case .flat: self[x, y] = colours[0]
        case .checked: self[x, y] = colours[(x / 5 + y / 3) & 1]
        case .terminal:
          let cell = (x / 10) &* 31 &+ (y / 20) &* 17 &+ Int(seed & 15)
          let dot = (x % 10 / 2) + (y % 20 / 2) * 5
          let isInk = glyphs[cell & 63] >> UInt64(dot) & 1 != 0 && x % 10 < 8
          self[x, y] = isInk ? colours[1 + cell / 7 % 6] : colours[0]
        case .fewColours: self[x, y] = colours.randomElement(using: &random) ?? 0
        case .photo: self[x, y] = photo.colour(x, y, noise: Int(random.next() & 7) - 4)
        case .noise: self[x, y] = UInt32.random(in: 0...0xff_ffff, using: &random)
        }
      }
    }
  }

  /// A patchwork of all textures, its seams anywhere.
  static func mixture(_ size: PixelSize, seed: UInt64, without excluded: Set<Texture> = []) -> Frame {
    let frame = Frame(size: size)
    var random = RepeatableRandom(seed: seed)
    let textures = Texture.allCases.filter { !excluded.contains($0) }
    frame.fill(size.bounds, .flat, seed: seed)
    for _ in 0..<12 {
      let rect = PixelRect(
        x: .random(in: 0..<size.width, using: &random), y: .random(in: 0..<size.height, using: &random),
        width: .random(in: 1...max(1, size.width / 2), using: &random),
        height: .random(in: 1...max(1, size.height / 2), using: &random)
      ).intersection(size.bounds)
      frame.fill(rect, textures.randomElement(using: &random) ?? .flat, seed: random.next())
    }
    return frame
  }
}

/// Value noise in octaves, about 1/f as in photographs; fine detail is in the brightness only.
struct PhotoTexture {
  private let lattice: [Double]

  init(seed: UInt64) {
    var random = RepeatableRandom(seed: seed ^ 0x5eed)
    lattice = (0..<3 * 1024).map { _ in Double.random(in: -1...1, using: &random) }
  }

  func colour(_ x: Int, _ y: Int, noise: Int) -> UInt32 {
    var channels = (0.0, 0.0, 0.0)
    var amplitude = 70.0
    var cell = 128
    while cell >= 4 {
      let detail = amplitude * value(x, y, cell, 0)
      channels.0 += detail
      channels.1 += cell >= 32 ? amplitude * value(x, y, cell, 1) : detail
      channels.2 += cell >= 32 ? amplitude * value(x, y, cell, 2) : detail
      amplitude *= 0.7
      cell /= 2
    }
    func sample(_ value: Double) -> UInt32 { UInt32(min(max(Int(value) + 128 + noise, 0), 255)) }
    return sample(channels.0) << 16 | sample(channels.1) << 8 | sample(channels.2)
  }

  private func value(_ x: Int, _ y: Int, _ cell: Int, _ channel: Int) -> Double {
    let (column, row) = (x / cell, y / cell)
    let (right, down) = (Double(x % cell) / Double(cell), Double(y % cell) / Double(cell))
    func corner(_ dx: Int, _ dy: Int) -> Double {
      lattice[channel * 1024 + ((column + dx) &* 7 &+ (row + dy) &* 131 &+ cell) & 1023]
    }
    let top = corner(0, 0) * (1 - right) + corner(1, 0) * right
    let bottom = corner(0, 1) * (1 - right) + corner(1, 1) * right
    return top * (1 - down) + bottom * down
  }
}
