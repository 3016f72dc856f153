// What QEMU says about a picture's form, checked once: sizes, strides, pixman and DRM format codes.
import GVTCore

/// A picture in memory, as ScanoutMap, Scanout and Update describe it.
struct ScanoutShape: Equatable {
  var size: PixelSize
  var strideBytes: Int
  var format: PixelFormat

  /// Numbers as they come from the bus. Throws a sentence for the status card.
  init(width: UInt32, height: UInt32, stride: UInt32, pixmanFormat: UInt32) throws(ScanoutFault) {
    let size = PixelSize(width: Int(width), height: Int(height))
    guard size.isShowable else { throw .impossible("QEMU describes a picture of \(size) pixels.") }
    guard let format = PixelFormat(pixman: pixmanFormat) else {
      throw .unreadable(
        "The picture's pixman format is 0x\(String(pixmanFormat, radix: 16)), which cannot be read.")
    }
    guard Int(stride) >= size.width * format.bytesPerPixel, stride <= 1 << 24 else {
      throw .impossible("QEMU describes rows of \(stride) bytes for \(size.width) pixels.")
    }
    self.size = size
    self.strideBytes = Int(stride)
    self.format = format
  }

  /// Bytes from the first pixel to just after the last.
  var byteCount: Int { (size.height - 1) * strideBytes + rowBytes }
  var rowBytes: Int { size.width * format.bytesPerPixel }
}

/// A dmabuf, as ScanoutDMABUF and ScanoutDMABUF2 describe it.
struct DMABufShape: Equatable {
  var size: PixelSize
  /// The first visible pixel within the buffer.
  var origin = PixelPoint.zero
  var strideBytes: Int
  var offsetBytes = 0
  var planeCount = 1
  var format: FourCC
  var modifier: UInt64
  /// Rows run from the bottom up: what QEMU calls "y0_top" is row 0 at GL's y = 0, which is the bottom
  /// (`egl_fb_blit`'s flip in ui/gtk-egl.c; vfio's buffers, which run from the top, say false).
  var isBottomUp: Bool

  /// Where the pixels are. Throws a sentence for the status card.
  func layout() throws(ScanoutFault) -> SurfaceLayout {
    guard let known = PixelFormat(format), known.isReadable, known != .c8,
      let tiling = FormatModifier(rawValue: modifier).tiling,
      planeCount == 1
    else { throw .unreadable("The guest's picture is \(name), which cannot be read.") }
    if isBottomUp { throw .unreadable("The guest's picture (\(name)) is upside down in memory, which cannot be read.") }
    let layout = SurfaceLayout(
      format: known.opaque, tiling: tiling, size: size, strideBytes: strideBytes, byteOffset: offsetBytes,
      origin: origin)
    guard layout.checkedByteCount != nil else {
      throw .impossible("QEMU describes a buffer of \(size) pixels with rows of \(strideBytes) bytes.")
    }
    return layout
  }

  /// Format and modifier, for people.
  var name: String {
    let planes = planeCount == 1 ? "" : ", \(planeCount) planes"
    return "format \(format) with modifier \(FormatModifier(rawValue: modifier).name)\(planes)"
  }
}

/// Why QEMU's words make no picture.
enum ScanoutFault: Error, Equatable {
  /// No picture can have such numbers: whoever sends them is broken.
  case impossible(String)
  /// A fine picture that we cannot read.
  case unreadable(String)

  var sentence: String {
    switch self {
    case .impossible(let sentence), .unreadable(let sentence): sentence
    }
  }
}

extension PixelFormat {
  /// A `pixman_format_code_t` of pixman.h: bits per pixel, kind, and the widths of a, r, g and b. Alpha of a screen
  /// means nothing.
  init?(pixman code: UInt32) {
    switch code {
    case 0x2002_0888, 0x2002_8888: self = .xrgb8888
    case 0x2003_0888, 0x2003_8888: self = .xbgr8888
    case 0x2002_0aaa, 0x2002_2aaa: self = .xrgb2101010
    case 0x2003_0aaa, 0x2003_2aaa: self = .xbgr2101010
    case 0x1002_0565: self = .rgb565
    case 0x1002_0555, 0x1002_1555: self = .xrgb1555
    default: return nil
    }
  }

  /// The same without alpha: nothing lies below a screen.
  var opaque: PixelFormat {
    switch self {
    case .argb8888: .xrgb8888
    case .abgr8888: .xbgr8888
    default: self
    }
  }
}
