// Why a picture could not be read, in words for a status card.
package import GVTCore

/// A reason why a buffer gives no picture.
package indirect enum BufferFailure: Error, Equatable, Sendable {
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
  /// The CPU cannot map it, and a library without which no GPU can be asked is missing.
  case missingLibrary(String)
  /// The CPU cannot map it, and no GPU of this driver has a render node.
  case noRenderNode(driver: String)
  /// The GPU that is to read it cannot be worked with.
  case unusableGPU(node: String, reason: String)
  /// The GPU does not read it: format and modifier, and what EGL or GL says.
  case refusedByGPU(picture: String, node: String, reason: String)
  /// The one way that the display's source is bound to failed.
  case onlyMethod(ImportMethod, BufferFailure)
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
    case .missingLibrary(let name):
      "Only the GPU can read the picture's memory, and \(name) is missing: install the packages libegl1, libegl-mesa0, "
        + "libgbm1 and libgl1-mesa-dri."
    case .noRenderNode(let driver):
      "Only the GPU can read the picture's memory, and no render node in /dev/dri belongs to \(driver): name the node to "
        + "read with by node= in the source."
    case .unusableGPU(let node, let reason):
      "Only the GPU can read the picture's memory, and \(node) cannot be used for it: \(reason)."
    case .refusedByGPU(let picture, let node, let reason):
      "\(node) cannot read the guest's picture, \(picture): \(reason)."
    case .onlyMethod(let method, let failure):
      "\(failure.sentence) No other way was tried because of import=\(method.rawValue)."
    case .system(let doing, let failure): "\(doing) failed: \(failure.reason) (\(failure.call))."
    }
  }
}
