// The monitor that a vGPU's port pretends to have.

/// A monitor: how it is connected and which mode it prefers.
package struct Monitor: Hashable, Sendable {
  /// The kind of plug.
  package enum Connector: String, Hashable, Sendable, CaseIterable {
    case displayPort = "dp"
    case hdmi
  }

  package var connector: Connector
  package var preferred: PixelSize

  package init(connector: Connector = .displayPort, preferred: PixelSize) {
    self.connector = connector
    self.preferred = preferred
  }
}
