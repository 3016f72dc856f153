// The description of itself that a monitor gives to whoever asks: VESA's E-EDID with one CTA-861 extension.

/// A monitor's EDID.
///
/// Every detailed mode has reduced blanking, so that none is one of CTA-861's: those a driver would send with a limited
/// range of colours.
package enum EDID {
  /// Both blocks, 256 bytes.
  package static func bytes(for monitor: Monitor) -> [UInt8] {
    sealed(base(monitor), to: 127) + sealed(extension861(monitor), to: 127)
  }

  /// The first block alone, for whoever has no room for more.
  package static func baseBlock(for monitor: Monitor) -> [UInt8] {
    // Its last byte but the sum counts the extensions.
    sealed(Array(base(monitor).dropLast()) + [0], to: 127)
  }

  /// Other sizes, as detailed timings; the most wanted first, since six fit.
  private static let detailedSizes = [
    (1920, 1080), (1280, 720), (1920, 1200), (1600, 900), (1366, 768), (2560, 1440),
  ]

  /// Other sizes, as standard timings: the only ones that have a code and are not CTA-861's.
  private static let standardSizes: [(width: Int, height: Int, shape: UInt8)] = [
    (1280, 800, 0), (1440, 900, 0), (1680, 1050, 0), (1280, 1024, 2), (1280, 960, 1), (1600, 1200, 1),
  ]

  private static func others(of monitor: Monitor, _ sizes: [PixelSize]) -> [PixelSize] {
    sizes.filter { $0 != monitor.preferred && monitor.preferred.bounds.contains($0.bounds) }
  }

  // MARK: - The base block

  private static func base(_ monitor: Monitor) -> [UInt8] {
    var block: [UInt8] = [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]
    // Manufacturer GVT, product 1, no serial number but the one in the text below, first week of 2020.
    block += manufacturer("GVT") + [1, 0, 0, 0, 0, 0, 1, 30]
    // EDID 1.4, digital, 8 bits a colour, DisplayPort; or EDID 1.3, since HDMI insists on that, and just digital.
    let isHDMI = monitor.connector == .hdmi
    block += isHDMI ? [1, 3, 0x80] : [1, 4, 0xa5]
    let millimetres = physicalSize(of: monitor.preferred)
    block += [UInt8((millimetres.width + 5) / 10), UInt8((millimetres.height + 5) / 10)]
    // Gamma 2.2; RGB only; sRGB; the first timing is the panel's own.
    block += [120, isHDMI ? 0x0e : 0x06]
    // sRGB's primaries and white.
    block += [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54]
    block += established(monitor) + standard(monitor)
    block += detailed(monitor.timing, of: millimetres) + rangeLimits(monitor)
    block += text("gvt-vnc", tag: 0xfc) + text("GVTVNC0001", tag: 0xff)
    // One extension follows.
    return block + [1]
  }

  private static func manufacturer(_ letters: String) -> [UInt8] {
    let code = letters.utf8.reduce(UInt16(0)) { $0 << 5 | UInt16($1 & 0x1f) }
    return [UInt8(code >> 8), UInt8(code & 0xff)]
  }

  /// At 96 dots an inch, which is what desktops take for a scale of one.
  private static func physicalSize(of size: PixelSize) -> PixelSize {
    PixelSize(width: (size.width * 254 + 480) / 960, height: (size.height * 254 + 480) / 960)
  }

  /// 640x480, which every sink has, 800x600 and 1024x768, all at 60 Hz.
  private static func established(_ monitor: Monitor) -> [UInt8] {
    let sizes = others(of: monitor, [PixelSize(width: 800, height: 600), PixelSize(width: 1024, height: 768)])
    return [sizes.contains { $0.height == 600 } ? 0x21 : 0x20, sizes.contains { $0.height == 768 } ? 0x08 : 0, 0]
  }

  private static func standard(_ monitor: Monitor) -> [UInt8] {
    let codes = standardSizes.flatMap { size, height, shape -> [UInt8] in
      guard !others(of: monitor, [PixelSize(width: size, height: height)]).isEmpty else { return [] }
      return [UInt8(size / 8 - 31), shape << 6]
    }
    return codes + Array(repeating: 1, count: 16 - codes.count)
  }

  /// 24 to 61 Hz, 15 to 140 kHz, up to the connector's clock: every timing of every monitor lies within.
  private static func rangeLimits(_ monitor: Monitor) -> [UInt8] {
    let clock = UInt8(monitor.connector.maximumKilohertz / 10_000)
    return [0, 0, 0, 0xfd, 0, 24, 61, 14, 140, clock, monitor.connector == .hdmi ? 0 : 1, 0x0a]
      + Array(repeating: 0x20, count: 6)
  }

  private static func text(_ text: String, tag: UInt8) -> [UInt8] {
    let line = Array(text.utf8.prefix(12)) + [0x0a]
    return [0, 0, 0, tag, 0] + line + Array(repeating: 0x20, count: 13 - line.count)
  }

  /// The 18 bytes of a detailed timing.
  private static func detailed(_ timing: CVTTiming, of millimetres: PixelSize) -> [UInt8] {
    let horizontal = (timing.size.width, timing.horizontalBlank)
    let vertical = (timing.size.height, timing.verticalBlank)
    let clock = timing.kilohertz / 10
    var bytes = [low(clock), low(clock >> 8)]
    for (active, blank) in [horizontal, vertical] {
      bytes += [low(active), low(blank), high(active, blank)]
    }
    bytes += [
      low(timing.horizontalFrontPorch), low(timing.horizontalSync),
      low(timing.verticalFrontPorch << 4 | timing.verticalSync), 0,
      low(millimetres.width), low(millimetres.height), high(millimetres.width, millimetres.height),
    ]
    // No border; separate syncs, the horizontal one positive, as reduced blanking has them.
    return bytes + [0, 0, 0x1a]
  }

  private static func low(_ number: Int) -> UInt8 { UInt8(truncatingIfNeeded: number) }

  /// Bits 11 to 8 of both.
  private static func high(_ first: Int, _ second: Int) -> UInt8 { low((first >> 8) << 4 | second >> 8) }

  // MARK: - The extension

  private static func extension861(_ monitor: Monitor) -> [UInt8] {
    var blocks: [UInt8] = []
    if monitor.connector == .hdmi {
      // HDMI's vendor block: address 1.0.0.0, no deep colour, the TMDS clock in 5 MHz. Without it i915 takes the plug for
      // DVI's and stops at 165 MHz.
      blocks += [0x67, 0x03, 0x0c, 0x00, 0x10, 0x00, 0x00, UInt8(monitor.connector.maximumKilohertz / 5000)]
    }
    // Video capabilities: the range of colours can be chosen, and nothing is cut off at the edges.
    blocks += [0xe2, 0x00, 0x4a]
    let sizes = others(of: monitor, detailedSizes.map { PixelSize(width: $0.0, height: $0.1) })
    let millimetres = physicalSize(of: monitor.preferred)
    let timings = sizes.flatMap { detailed(monitor.timing(of: $0), of: millimetres) }
    // Where the timings begin; underscanned, no audio, no YCbCr; one timing is the panel's own.
    return [0x02, 0x03, UInt8(4 + blocks.count), 0x81] + blocks + timings
  }

  /// Fills a block up to `count` bytes and appends what makes its sum zero.
  private static func sealed(_ block: [UInt8], to count: Int) -> [UInt8] {
    precondition(block.count <= count, "an EDID block has 128 bytes")
    let full = block + Array(repeating: 0, count: count - block.count)
    return full + [full.reduce(0) { $0 &- $1 }]
  }
}
