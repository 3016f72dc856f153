// Rounded shapes with smooth edges, their outlines and their shadows.
package import GVTCore
import Glibc

/// What a shape is filled with.
package enum Paint: Sendable {
  case solid(UInt32)
  /// From the shape's top to its bottom.
  case vertical(UInt32, UInt32)
}

extension Canvas {
  package mutating func fillRounded(_ rect: PixelRect, radius: Int, _ paint: Paint, alpha: Int = 255) {
    let shape = RoundedShape(rect, radius: radius)
    shadeRows(of: rect) { y, x, row in
      for index in 0..<row.count {
        let colour =
          switch paint {
          case .solid(let colour): colour
          case .vertical(let top, let bottom):
            mix(
              top, bottom, position: y - rect.y, of: max(1, rect.height - 1),
              dither: threshold(x + index, y))
          }
        let coverage = shape.coverage(x: x + index, y: y)
        if coverage == 256 && alpha == 255 {
          row[index] = colour
        } else if coverage > 0 {
          row[index] = blend(colour, over: row[index], alpha: (coverage * alpha) >> 8)
        }
      }
    }
  }

  /// The outline of a rounded rectangle, `width` pixels wide, within it.
  package mutating func strokeRounded(
    _ rect: PixelRect, radius: Int, width: Int = 1, _ colour: UInt32, alpha: Int = 255
  ) {
    let outer = RoundedShape(rect, radius: radius)
    let inner = RoundedShape(rect.inset(by: width), radius: max(0, radius - width))
    shadeRows(of: rect) { y, x, row in
      for index in 0..<row.count {
        let coverage = outer.coverage(x: x + index, y: y) - inner.coverage(x: x + index, y: y)
        if coverage > 0 {
          row[index] = blend(colour, over: row[index], alpha: (coverage * alpha) >> 8)
        }
      }
    }
  }

  package mutating func fillCircle(
    centre: PixelPoint, radius: Int, _ colour: UInt32, alpha: Int = 255
  ) {
    let box = PixelRect(
      x: centre.x - radius, y: centre.y - radius, width: 2 * radius, height: 2 * radius)
    fillRounded(box, radius: radius, .solid(colour), alpha: alpha)
  }

  /// The soft shadow that a rounded rectangle would cast, `blur` pixels beyond its edges and `drop` below it.
  package mutating func shadow(
    of rect: PixelRect, radius: Int, blur: Int, drop: Int = 0, alpha: Int
  ) {
    let shape = RoundedShape(rect.offset(byX: 0, y: drop), radius: radius)
    let reach = Float(max(1, blur))
    let inside = rect.inset(by: radius)
    shadeRows(of: rect.offset(byX: 0, y: drop).inset(by: -blur)) { y, x, row in
      for index in 0..<row.count {
        // What lies under the middle of the shape is never seen.
        if y >= inside.y && y < inside.maxY && x + index >= inside.x && x + index < inside.maxX { continue }
        let near = min(1, max(0, 1 - shape.distance(x: x + index, y: y) / reach))
        let strength = Int(near * near * Float(alpha))
        if strength > 0 { row[index] = blend(0, over: row[index], alpha: strength) }
      }
    }
  }
}

/// A rounded rectangle as a distance: negative inside, zero at its edge, in pixels.
private struct RoundedShape {
  private let centreX: Float
  private let centreY: Float
  private let halfWidth: Float
  private let halfHeight: Float
  private let radius: Float
  /// Rows and columns where no corner can be.
  private let plain: PixelRect
  private let isEmpty: Bool

  init(_ rect: PixelRect, radius: Int) {
    let radius = max(0, min(radius, min(rect.width, rect.height) / 2))
    isEmpty = rect.isEmpty
    centreX = Float(rect.x) + Float(rect.width) / 2
    centreY = Float(rect.y) + Float(rect.height) / 2
    halfWidth = Float(rect.width) / 2 - Float(radius)
    halfHeight = Float(rect.height) / 2 - Float(radius)
    self.radius = Float(radius)
    plain = PixelRect(
      x: rect.x + radius, y: rect.y + radius, width: rect.width - 2 * radius,
      height: rect.height - 2 * radius)
    outer = rect
  }

  private let outer: PixelRect

  @inline(__always)
  func distance(x: Int, y: Int) -> Float {
    let dx = abs(Float(x) + 0.5 - centreX) - halfWidth
    let dy = abs(Float(y) + 0.5 - centreY) - halfHeight
    let outside = (max(dx, 0) * max(dx, 0) + max(dy, 0) * max(dy, 0)).squareRoot()
    return outside + min(max(dx, dy), 0) - radius
  }

  /// How much of a pixel the shape covers, 0...256.
  @inline(__always)
  func coverage(x: Int, y: Int) -> Int {
    if isEmpty || x < outer.x || x >= outer.maxX || y < outer.y || y >= outer.maxY { return 0 }
    if (y >= plain.y && y < plain.maxY) || (x >= plain.x && x < plain.maxX) { return 256 }
    return Int(min(1, max(0, 0.5 - distance(x: x, y: y))) * 256)
  }
}

extension PixelRect {
  /// Smaller by `margin` on each side; larger if it is negative.
  package func inset(by margin: Int) -> PixelRect {
    PixelRect(x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
  }
}
