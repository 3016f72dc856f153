// Timings of a mode of any size, by VESA's Coordinated Video Timings 1.2 with reduced blanking, version 1.

/// How a monitor wants a picture of some size sent. Horizontal numbers are pixels, vertical ones lines.
package struct CVTTiming: Hashable, Sendable {
  package let size: PixelSize
  /// The pixel clock in kHz, a multiple of 250.
  package let kilohertz: Int
  package let horizontalFrontPorch: Int
  package let horizontalSync: Int
  package let horizontalBlank: Int
  package let verticalFrontPorch: Int
  package let verticalSync: Int
  package let verticalBlank: Int

  /// The timing at `refresh` frames a second or just below it: the clock is rounded down. The blank is widened until the
  /// clock has `minimumKilohertz`.
  ///
  /// The standard's own widths are multiples of 8. Any width is left as it is here, so that a picture of 1366 pixels has
  /// 1366.
  package init(_ size: PixelSize, refresh: Int = 60, minimumKilohertz: Int = 0) {
    let lines = max(1, size.height)
    // The vertical blank lasts 460 µs at least.
    let blankLines = 460 * lines * refresh / (1_000_000 - 460 * refresh) + 1
    verticalFrontPorch = 3
    verticalSync = Self.verticalSync(of: size)
    verticalBlank = max(blankLines, verticalFrontPorch + verticalSync + 6)
    let linesPerSecond = (lines + verticalBlank) * refresh
    horizontalFrontPorch = 48
    horizontalSync = 32
    horizontalBlank = max(160, (minimumKilohertz * 1000 + 250_000) / linesPerSecond + 1 - size.width)
    self.size = size
    kilohertz = (size.width + horizontalBlank) * linesPerSecond / 250_000 * 250
  }

  package var horizontalTotal: Int { size.width + horizontalBlank }
  package var verticalTotal: Int { size.height + verticalBlank }
  /// Frames in a thousand seconds.
  package var refreshMillihertz: Int { kilohertz * 1_000_000 / (horizontalTotal * verticalTotal) }

  /// The width of the vertical sync tells the picture's shape.
  private static func verticalSync(of size: PixelSize) -> Int {
    let shapes = [(4, 3, 4), (16, 9, 5), (16, 10, 6), (5, 4, 7), (15, 9, 7)]
    return shapes.first { size.width * $0.1 == size.height * $0.0 }?.2 ?? 10
  }
}
