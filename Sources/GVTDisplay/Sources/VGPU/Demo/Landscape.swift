// Pictures made by arithmetic: a landscape with as many colours as a photo, and a pattern that moves like a video.
import GVTCore

/// Smooth random numbers on a grid, for hills, clouds and water.
private struct Noise {
  var seed: UInt32

  private func lattice(_ x: Int, _ y: Int) -> Float {
    var h = UInt32(truncatingIfNeeded: x) &* 0x9e37_79b1 ^ UInt32(truncatingIfNeeded: y) &* 0x85eb_ca77 ^ seed
    h = (h ^ h >> 15) &* 0x2c1b_3c6d
    h = (h ^ h >> 12) &* 0x297a_2d39
    return Float((h ^ h >> 15) & 0xffff) / 65535
  }

  func value(_ x: Float, _ y: Float) -> Float {
    let column = Int(x.rounded(.down))
    let row = Int(y.rounded(.down))
    let u = smooth(x - Float(column))
    let v = smooth(y - Float(row))
    let top = lattice(column, row) + (lattice(column + 1, row) - lattice(column, row)) * u
    let bottom = lattice(column, row + 1) + (lattice(column + 1, row + 1) - lattice(column, row + 1)) * u
    return top + (bottom - top) * v
  }

  /// Octaves whose strength falls as their frequency rises: the 1/f spectrum of natural scenes.
  func fractal(_ x: Float, _ y: Float, octaves: Int) -> Float {
    var sum: Float = 0
    var weight: Float = 0.5
    var scale: Float = 1
    for _ in 0..<octaves {
      sum += weight * value(x * scale, y * scale)
      weight /= 2
      scale *= 2
    }
    return sum
  }

  private func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}

/// A mountain lake at dusk.
enum Landscape {
  private typealias Light = SIMD3<Float>

  private static let clouds = Noise(seed: 11)
  private static let hills = Noise(seed: 5)
  private static let grain = Noise(seed: 77)

  static func picture(size: PixelSize) -> Canvas {
    var canvas = Canvas(size: size)
    let width = Float(size.width)
    let height = Float(size.height)
    let shore = height * 0.72
    let ridges = Ridge.all.map { ridge in (0..<size.width).map { ridge.top(Float($0) / width) * shore } }
    canvas.shadeRows(of: size.bounds) { y, _, row in
      for x in 0..<row.count {
        let u = Float(x) / width
        let v = Float(y) / height
        var light: Light
        if Float(y) < shore {
          light = land(x, Float(y), u, v, ridges, shore)
        } else {
          light = water(x, Float(y), u, v, ridges, shore)
        }
        light += (grain.value(Float(x) * 0.9, Float(y) * 0.9) - 0.5) * 0.03
        row[x] = colour(light)
      }
    }
    return canvas
  }

  private struct Ridge {
    let base: Float
    let rise: Float
    let scale: Float
    let offset: Float
    let near: Light
    let far: Light

    func top(_ u: Float) -> Float { base - rise * hills.fractal(u * scale + offset, offset, octaves: 6) }

    static let all = [
      Ridge(base: 0.98, rise: 0.72, scale: 3.1, offset: 1.7, near: [0.40, 0.42, 0.60], far: [0.66, 0.54, 0.64]),
      Ridge(base: 1.06, rise: 0.62, scale: 4.3, offset: 9.2, near: [0.22, 0.26, 0.38], far: [0.44, 0.40, 0.50]),
      Ridge(base: 1.12, rise: 0.42, scale: 6.5, offset: 4.4, near: [0.07, 0.12, 0.15], far: [0.18, 0.22, 0.26]),
    ]
  }

  private static func sky(_ u: Float, _ v: Float) -> Light {
    let high = Light(0.13, 0.22, 0.46)
    let low = Light(1.0, 0.72, 0.48)
    let t = min(1, v / 0.62)
    var light = high + (low - high) * (t * t)
    let dx = (u - 0.68) * 1.6
    let dy = v - 0.40
    let glow = 1 / (1 + 38 * (dx * dx + dy * dy))
    light += Light(0.75, 0.48, 0.22) * glow
    let cover = clouds.fractal(u * 5 + 3, v * 14, octaves: 5)
    let cloud = max(0, min(1, (cover - 0.47) * 4.2))
    return light + (Light(0.98, 0.78, 0.70) - light) * (cloud * (0.25 + 0.45 * t))
  }

  private static func land(_ x: Int, _ y: Float, _ u: Float, _ v: Float, _ ridges: [[Float]], _ shore: Float) -> Light {
    for index in ridges.indices.reversed() where y >= ridges[index][x] {
      let ridge = Ridge.all[index]
      let depth = min(1, (y - ridges[index][x]) / (shore * 0.3))
      // Slopes: noise along one diagonal, stronger the nearer the ridge.
      let slope = hills.fractal(u * 34 + v * 22 + Float(index) * 7, v * 48 - u * 9, octaves: 5) - 0.47
      return ridge.far + (ridge.near - ridge.far) * depth + slope * (0.07 + 0.07 * Float(index))
    }
    return sky(u, v)
  }

  /// The land upside down, darker, drawn out by ripples.
  private static func water(
    _ x: Int, _ y: Float, _ u: Float, _ v: Float, _ ridges: [[Float]], _ shore: Float
  ) -> Light {
    let depth = y - shore
    let ripple = clouds.fractal(u * 14, depth * 0.22, octaves: 4) - 0.47
    let column = min(max(0, x + Int(ripple * depth * 0.5)), ridges[0].count - 1)
    let mirrored = max(0, shore - depth * 1.9 + ripple * 26)
    let shift = Float(column) / Float(ridges[0].count)
    let seen = land(column, mirrored, shift, mirrored / (shore / 0.72), ridges, shore)
    return seen * 0.72 + Light(0.02, 0.06, 0.10) + ripple * 0.12
  }

  private static func colour(_ light: Light) -> UInt32 {
    let clamped = light.clamped(lowerBound: .zero, upperBound: .one) * 255
    return UInt32(clamped.x) << 16 | UInt32(clamped.y) << 8 | UInt32(clamped.z)
  }
}

/// A field of drifting light: every pixel changes with every step.
enum VideoPattern {
  /// Sine by 1024ths of a turn, 0...1023.
  private static let wave: [UInt16] = (0..<1024).map { step in
    // A parabola stands in for the sine: no table of a maths library, the same on every machine.
    let half = Float(step % 512) / 512
    let bump = 4 * half * (1 - half)
    return UInt16(step < 512 ? 511 + bump * 512 : 511 - bump * 511)
  }

  private static let colours: [UInt32] = (0..<2048).map { index in
    let stops: [UInt32] = [0x0b1e4a, 0x1b5fc2, 0x27c2c9, 0xf3e9a4, 0xf0803c, 0xa42a6a, 0x3a1660, 0x0b1e4a]
    let place = index * (stops.count - 1)
    return mix(stops[place / 2048], stops[place / 2048 + 1], position: place % 2048, of: 2048)
  }

  /// Draws step `step` over `rect`.
  static func draw(_ step: Int, in rect: PixelRect, on canvas: inout Canvas) {
    let wave = wave.span
    let colours = colours.span
    canvas.shadeRows(of: rect) { y, x, row in
      let line = y - rect.y
      let down = Int(wave[(line * 3 + step * 7) & 1023])
      let sway = Int(wave[(line * 2 + step * 5) & 1023]) / 3
      let first = x - rect.x
      for index in 0..<row.count {
        let across = first &+ index
        let a = Int(wave[(across &* 2 &+ sway &- step &* 9) & 1023])
        let b = Int(wave[(across &+ line &* 2 &+ step &* 11) & 1023])
        row[index] = colours[(a &+ b &+ down &+ step &* 6) & 2047]
      }
    }
  }
}
