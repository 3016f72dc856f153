// What a browser would paint: Guacamole's layers and buffers, with alpha of one bit.
import TestSupport

/// A channel mask (guacamole-protocol, "Compositing"): which of two pixels stays, by where each of them is opaque.
struct ChannelMask: OptionSet {
  let rawValue: Int
  static let destinationUnderSource = ChannelMask(rawValue: 1)
  static let destinationAlone = ChannelMask(rawValue: 2)
  static let sourceOverDestination = ChannelMask(rawValue: 4)
  static let sourceAlone = ChannelMask(rawValue: 8)

  func composed(_ source: UInt32, over destination: UInt32) -> UInt32 {
    switch (source >> 31 != 0, destination >> 31 != 0) {
    case (true, true):
      contains(.sourceOverDestination) ? source : contains(.destinationUnderSource) ? destination : 0
    case (true, false): contains(.sourceAlone) ? source : 0
    case (false, true): contains(.destinationAlone) ? destination : 0
    case (false, false): 0
    }
  }
}

/// A raster of 0xAARRGGBB.
struct GuacamoleImage {
  private(set) var width = 0
  private(set) var height = 0
  private(set) var pixels: [UInt32] = []

  init(width: Int, height: Int, pixels: [UInt32]? = nil) {
    (self.width, self.height) = (width, height)
    self.pixels = pixels ?? Array(repeating: 0, count: width * height)
  }

  /// Keeps what fits, from the upper left.
  mutating func resize(width: Int, height: Int) {
    guard width != self.width || height != self.height else { return }
    var resized = GuacamoleImage(width: width, height: height)
    resized.draw(self, x: 0, y: 0, mask: [.sourceAlone, .sourceOverDestination])
    self = resized
  }

  mutating func draw(_ image: GuacamoleImage, x: Int, y: Int, mask: ChannelMask) {
    let columns = max(0, -x)..<max(max(0, -x), min(image.width, width - x))
    for row in 0..<image.height where (0..<height).contains(y + row) {
      for column in columns {
        let target = (y + row) * width + x + column
        pixels[target] = mask.composed(image.pixels[row * image.width + column], over: pixels[target])
      }
    }
  }

  func cropped(x: Int, y: Int, width: Int, height: Int) -> GuacamoleImage {
    var part = GuacamoleImage(width: width, height: height)
    part.draw(self, x: -x, y: -y, mask: [.sourceAlone, .sourceOverDestination])
    return part
  }
}

struct GuacamoleCanvas {
  private struct Layer {
    var image = GuacamoleImage(width: 0, height: 0)
    var path: [(x: Int, y: Int, width: Int, height: Int)] = []
    /// The next shape begins a new path; until then the old one may be filled again.
    var pathIsFilled = false
  }

  private var layers: [Int: Layer] = [:]

  /// What the screen shows without the pointer, which is a layer of its own.
  var picture: Picture {
    let image = layers[0, default: Layer()].image
    return Picture(width: image.width, height: image.height, pixels: image.pixels.map { $0 & 0xff_ffff })
  }

  func image(_ layer: Int, x: Int, y: Int, width: Int, height: Int) -> GuacamoleImage {
    layers[layer, default: Layer()].image.cropped(x: x, y: y, width: width, height: height)
  }

  mutating func draw(_ image: GuacamoleImage, on layer: Int, x: Int, y: Int, mask: ChannelMask) {
    // A buffer, which has a negative number, grows with what is drawn on it.
    if layer < 0 {
      let old = layers[layer, default: Layer()].image
      layers[layer, default: Layer()].image.resize(
        width: max(old.width, x + image.width), height: max(old.height, y + image.height))
    }
    layers[layer, default: Layer()].image.draw(image, x: x, y: y, mask: mask)
  }

  /// Obeys an instruction that draws; false if it does not.
  mutating func obey(_ instruction: GuacamoleInstruction) throws -> Bool {
    switch instruction.opcode {
    case "size":
      let size = (width: try instruction.number(1), height: try instruction.number(2))
      guard (0...1 << 14).contains(size.width), (0...1 << 14).contains(size.height) else {
        throw TestFailure("a layer of \(size)")
      }
      layers[try instruction.number(0), default: Layer()].image.resize(width: size.width, height: size.height)
    case "copy":
      let part = image(
        try instruction.number(0), x: try instruction.number(1), y: try instruction.number(2),
        width: try instruction.number(3), height: try instruction.number(4))
      draw(
        part, on: try instruction.number(6), x: try instruction.number(7), y: try instruction.number(8),
        mask: ChannelMask(rawValue: try instruction.number(5)))
    case "rect": try addRectangle(instruction)
    case "cfill": try fill(instruction)
    case "dispose": layers[try instruction.number(0)] = nil
    default: return false
    }
    return true
  }

  private mutating func addRectangle(_ instruction: GuacamoleInstruction) throws {
    let rectangle = (
      try instruction.number(1), try instruction.number(2), try instruction.number(3), try instruction.number(4)
    )
    let layer = try instruction.number(0)
    if layers[layer, default: Layer()].pathIsFilled {
      layers[layer]?.path = []
      layers[layer]?.pathIsFilled = false
    }
    layers[layer, default: Layer()].path.append(rectangle)
  }

  private mutating func fill(_ instruction: GuacamoleInstruction) throws {
    let layer = try instruction.number(1)
    // red, green, blue, alpha
    let channels = try (2..<6).map { UInt32(truncatingIfNeeded: try instruction.number($0) & 0xff) }
    let colour = channels[3] << 24 | channels[0] << 16 | channels[1] << 8 | channels[2]
    for rectangle in layers[layer, default: Layer()].path {
      let block = GuacamoleImage(
        width: rectangle.width, height: rectangle.height,
        pixels: Array(repeating: colour, count: rectangle.width * rectangle.height))
      draw(block, on: layer, x: rectangle.x, y: rectangle.y, mask: ChannelMask(rawValue: try instruction.number(0)))
    }
    layers[layer, default: Layer()].pathIsFilled = true
  }
}
