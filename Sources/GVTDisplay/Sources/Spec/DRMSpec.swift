// A SPEC of a KMS device: which of its screens, and how its buffers are read.

/// `drm:/dev/dri/card0`: what a KMS device scans out.
package struct DRMSpec: Equatable, Sendable {
  package static let form =
    "drm:/dev/dri/card0[?connector=NAME|crtc=N][&node=/dev/dri/renderD128&import=mmap|egl|i915-gtt]"

  /// Which screen.
  package enum Screen: Equatable, Sendable {
    /// The first one that is lit.
    case first
    /// By the connector's name as in /sys/class/drm, such as `HDMI-A-1`.
    case connector(String)
    /// By the CRTC's number: its index among the device's, from 0.
    case crtc(Int)
  }

  package var path: String
  package var screen: Screen
  package var reading: BufferReading

  package init(path: String, screen: Screen = .first, reading: BufferReading = BufferReading()) {
    self.path = path
    self.screen = screen
    self.reading = reading
  }

  init(_ fields: consuming SpecFields) throws(SpecFailure) {
    path = try fields.absolutePath(limit: 4095)
    let connector = fields.take("connector")
    let crtc = fields.take("crtc")
    switch (connector, crtc) {
    case (nil, nil): screen = .first
    case (let name?, nil):
      guard name.utf8.count <= 64 else { throw SpecFailure("drm: connector is a name such as HDMI-A-1") }
      screen = .connector(name)
    case (nil, let text?):
      guard let number = wholeNumber(text), number < 32 else {
        throw SpecFailure("drm: crtc must be a whole number from 0 to 31, not \(quoted(text))")
      }
      screen = .crtc(number)
    case (_?, _?): throw SpecFailure("drm: takes connector or crtc, not both")
    }
    reading = try BufferReading(&fields)
    try fields.finish(allowed: ["connector", "crtc", "node", "import"])
  }
}

extension DRMSpec: CustomStringConvertible {
  package var description: String {
    let key: String? =
      switch screen {
      case .first: nil
      case .connector(let name): "connector=" + encoded(name)
      case .crtc(let number): "crtc=\(number)"
      }
    let keys = [key].compactMap { $0 } + reading.keys
    return "drm:" + encoded(path) + (keys.isEmpty ? "" : "?" + keys.joined(separator: "&"))
  }
}
