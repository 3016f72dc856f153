// The monitor that a vGPU's port pretends to have.

/// A monitor: how it is connected and which mode it prefers.
package struct Monitor: Hashable, Sendable {
  /// The kind of plug.
  package enum Connector: String, Hashable, Sendable, CaseIterable {
    case displayPort = "dp"
    case hdmi

    /// The fastest pixel clock in kHz that monitor and driver agree on: four lanes of 5.4 Gbit/s at 24 bits a pixel, of
    /// which the engine's own clock leaves this much on Broadwell; what i915 lets HDMI have on Gen8 and Gen9.
    var maximumKilohertz: Int {
      switch self {
      case .displayPort: 540_000
      case .hdmi: 300_000
      }
    }

    /// The slowest: below it TMDS does not work.
    var minimumKilohertz: Int {
      switch self {
      case .displayPort: 0
      case .hdmi: 25_000
      }
    }
  }

  package let connector: Connector
  /// Always possible: any other size becomes the nearest that is.
  package var preferred: PixelSize {
    didSet { preferred = Self.nearest(to: preferred) }
  }

  /// A monitor of this size or, where there can be none, of the nearest possible one.
  package init(connector: Connector = .displayPort, preferred: PixelSize) {
    self.connector = connector
    self.preferred = Self.nearest(to: preferred)
  }

  private static func nearest(to size: PixelSize) -> PixelSize {
    PixelSize(
      width: min(max(size.width, smallest.width), largest.width),
      height: min(max(size.height, smallest.height), largest.height))
  }

  package static let smallest = PixelSize(width: 640, height: 480)
  package static let largest = PixelSize(width: 3840, height: 2160)

  /// Whether there are monitors of this size.
  package static func isPossible(_ size: PixelSize) -> Bool {
    (smallest.width...largest.width).contains(size.width) && (smallest.height...largest.height).contains(size.height)
  }

  /// The preferred mode: 60 Hz, or 30 Hz where HDMI is too slow for that.
  package var timing: CVTTiming { timing(of: preferred) }

  /// How it shows a picture of some size.
  func timing(of size: PixelSize) -> CVTTiming {
    let fast = CVTTiming(size, minimumKilohertz: connector.minimumKilohertz)
    return fast.kilohertz <= connector.maximumKilohertz
      ? fast : CVTTiming(size, refresh: 30, minimumKilohertz: connector.minimumKilohertz)
  }
}
