// What a plane amounts to: nothing, a mistake of the guest's with its reason, or a picture in graphics memory.

/// A picture that a pipe shows: where its pixels are and where on the pipe they go.
package struct PlaneDescription: Equatable, Sendable {
  /// What becomes of the alpha channel.
  package enum Alpha: Sendable {
    /// There is none, or it is ignored.
    case opaque
    /// The colours are already multiplied by it.
    case premultiplied
    /// The colours are to be multiplied by it.
    case straight
  }

  package var layout: SurfaceLayout
  /// Where the surface begins; a multiple of the page size.
  package var address: GraphicsAddress
  /// Where the upper left pixel goes. The picture may hang over any edge of the pipe.
  package var position: PixelPoint
  package var alpha: Alpha

  package var isOpaque: Bool { alpha == .opaque }

  /// The pages of graphics memory that hold the visible pixels; all lie within the GGTT.
  package var pages: Range<PageNumber> {
    let count = (layout.byteCount + PageLocation.pageBytes - 1) / PageLocation.pageBytes
    return address.page..<PageNumber(address.page.rawValue + count)
  }
}

/// A plane or a cursor as its armed registers describe it.
package enum PlaneState: Equatable, Sendable {
  case off
  case invalid(Reason)
  case on(PlaneDescription)

  /// Why a plane cannot be shown, as a sentence for a status card.
  package struct Reason: Error, Equatable, CustomStringConvertible {
    package let plane: PlaneName
    package let fault: PlaneFault

    package init(_ plane: PlaneName, _ fault: PlaneFault) {
      self.plane = plane
      self.fault = fault
    }

    package var description: String { "\(plane) \(fault)" }
  }

  /// The picture of a plane that is on.
  package var picture: PlaneDescription? {
    if case .on(let picture) = self { picture } else { nil }
  }
}

/// What is wrong with a plane; the description continues "plane 1 of pipe A …".
package enum PlaneFault: Error, Equatable, CustomStringConvertible {
  case noPixels
  case tooLarge(PixelSize)
  case format(String)
  case tiling(UInt32)
  case rotated(degrees: Int)
  case compressed
  case noStride
  case strideTooShort(bytes: Int, rowBytes: Int)
  case strideTooLong(bytes: Int)
  case origin(PixelPoint)
  case beyondGraphicsMemory(GraphicsAddress, end: GraphicsAddress)
  case cursorMode(UInt32)

  package var description: String {
    switch self {
    case .noPixels: "is 0x0 pixels"
    case .tooLarge(let size): "is \(size) pixels, more than the \(PlaneLimits.size) that the hardware can show"
    case .format(let name): "has the pixel format \(name), which cannot be read"
    case .tiling(let code): "has the unknown tiling \(code)"
    case .rotated(let degrees): "is rotated by \(degrees) degrees, which is not supported"
    case .compressed: "has compressed pixels, which cannot be read"
    case .noStride: "has a stride of 0 bytes"
    case .strideTooShort(let bytes, let row): "has a stride of \(bytes) bytes for rows of \(row) bytes"
    case .strideTooLong(let bytes):
      "has a stride of \(bytes) bytes, more than the \(PlaneLimits.strideBytes) that the hardware knows"
    case .origin(let point): "begins at pixel \(point.x),\(point.y) of its surface, which is too far in"
    case .beyondGraphicsMemory(let start, let end):
      "reaches from \(start) to \(end), beyond graphics memory, which ends at \(GraphicsAddress.limit)"
    case .cursorMode(let mode): "has the mode 0x\(String(mode, radix: 16)), which cannot be read"
    }
  }
}

/// What Gen9 display hardware can address. It also bounds what a guest can make us map and allocate.
package enum PlaneLimits {
  /// i915 `intel_mode_valid_max_plane_size` for display version 9.
  package static let size = PixelSize(width: 5120, height: 4096)
  /// i915 `skl_plane_max_stride`.
  package static let strideBytes = 32768
  /// The largest framebuffer that i915 accepts from display version 7 on.
  package static let origin = PixelPoint(x: 8192, y: 8192)

  /// The fault of a size that is empty or too large.
  static func fault(of size: PixelSize) -> PlaneFault? {
    if size.isEmpty { return .noPixels }
    return size.width > Self.size.width || size.height > Self.size.height ? .tooLarge(size) : nil
  }
}
