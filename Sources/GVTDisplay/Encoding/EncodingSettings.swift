// What a viewer asked for, as far as it decides the bytes: viewers with equal settings share them.

/// How a rectangle is to be encoded in Tight (rfbproto, Tight Encoding).
package struct EncodingSettings: Hashable, Sendable {
  /// JPEG quality 1...100; nil if the viewer allows no JPEG, which makes everything lossless.
  package var jpegQuality: Int?
  package var subsampling: ChromaSubsampling
  /// The viewer's compression level, 0...9.
  package var compressionLevel: Int

  package init(jpegQuality: Int?, subsampling: ChromaSubsampling = .none, compressionLevel: Int = 1) {
    self.jpegQuality = jpegQuality
    self.subsampling = subsampling
    self.compressionLevel = compressionLevel
  }

  /// Reads a viewer's list of encodings (SetEncodings). A fine quality counts before a coarse one, and a subsampling
  /// before the one that a coarse quality implies; without either quality nothing is sent as JPEG.
  package init(encodings: [Int32]) {
    self.init(jpegQuality: nil)
    for encoding in encodings {
      if let (quality, subsampling) = Self.coarseQuality(encoding) {
        jpegQuality = quality
        self.subsampling = subsampling
      } else if (-256...(-247)).contains(encoding) {
        compressionLevel = Int(encoding) + 256
      }
    }
    for encoding in encodings {
      if (-512...(-412)).contains(encoding) { jpegQuality = max(1, Int(encoding) + 512) }
      if let asked = Self.subsampling(encoding) { subsampling = asked }
    }
  }

  /// JPEG Quality Level Pseudo-encoding, -32...-23: quality and subsampling as TigerVNC and TurboVNC understand the
  /// ten levels, so that a level looks and costs the same whichever server a viewer talks to.
  private static func coarseQuality(_ encoding: Int32) -> (Int, ChromaSubsampling)? {
    let qualities = [15, 29, 41, 42, 62, 77, 79, 86, 92, 100]
    let level = Int(encoding) + 32
    guard qualities.indices.contains(level) else { return nil }
    return (qualities[level], level < 3 ? .quarter : level < 6 ? .half : .none)
  }

  /// JPEG Subsampling Level Pseudo-encoding, -768...-763. Eightfold and sixteenfold become fourfold: turbojpeg's
  /// fast paths end there.
  private static func subsampling(_ encoding: Int32) -> ChromaSubsampling? {
    switch encoding {
    case -768: .some(.none)
    case -767, -764, -763: .quarter
    case -766: .half
    case -765: .grey
    default: nil
    }
  }

  /// The same settings with everything taken out that does not change the bytes, so that more viewers are equal.
  var canonical: EncodingSettings {
    EncodingSettings(
      jpegQuality: jpegQuality.map { min(max($0, 1), 100) }, subsampling: jpegQuality == nil ? .none : subsampling,
      compressionLevel: Effort(compressionLevel: compressionLevel).rawValue)
  }
}

/// How many pixels share one colour sample in a JPEG.
package enum ChromaSubsampling: Hashable, Sendable {
  /// 4:4:4
  case none
  /// 4:2:2
  case half
  /// 4:2:0
  case quarter
  /// Grey only.
  case grey
}
