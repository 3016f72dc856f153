// Why a picture could not be read, in words for a status card.
package import GVTCore

/// A reason why a buffer gives no picture.
package enum BufferFailure: Error, Equatable, Sendable {
  /// The picture needs more bytes than there are.
  case tooShort(needed: Int, has: Int)
  /// Pages were taken away while they were read, as when a file is truncated.
  case lostWhileRead
  /// The format's name, as far as we have one.
  case unreadableFormat(String)
  /// Offset, stride and size contradict each other or are beyond all reason.
  case impossibleLayout
  /// Smaller than 1x1, wider or higher than 16384, or more than 64 Mpixel.
  case impossibleSize(PixelSize)
  /// The memory lies in more separate pieces than a process can map.
  case tooScattered(pieces: Int)
  /// The kernel offers no way for the CPU to read it (mmap of a dmabuf: ENODEV).
  case notMappable
  case system(doing: String, SystemFailure)

  /// One sentence for the person in front of the viewer.
  package var sentence: String {
    switch self {
    case .tooShort(let needed, let has):
      "The picture needs \(needed) bytes of memory, but there are only \(has)."
    case .lostWhileRead: "The picture's memory was taken away while it was being read."
    case .unreadableFormat(let name): "The guest shows its picture in format \(name), which cannot be read."
    case .impossibleLayout: "The guest describes a picture that cannot exist in its memory."
    case .impossibleSize(let size): "The guest's picture is \(size) pixels large, which cannot be shown."
    case .tooScattered(let pieces):
      "The picture's memory lies in \(pieces) pieces, more than can be mapped at once."
    case .notMappable: "The picture is in graphics memory that the CPU cannot read."
    case .system(let doing, let failure): "\(doing) failed: \(failure.reason) (\(failure.call))."
    }
  }
}
