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
