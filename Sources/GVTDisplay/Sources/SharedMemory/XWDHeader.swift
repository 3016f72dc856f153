// The header of an X window dump (X11/XWDFile.h, version 7), as Xvfb keeps it before its screen with -fbdir.
import GVTCore

/// What an XWD header says of the pixels behind it. Every number comes from another process and is checked here.
struct XWDHeader: Equatable {
  /// Bytes of the fixed part (`sz_XWDheader`).
  static let byteCount = 100
  /// Bytes of a colour map entry (`sz_XWDColor`).
  static let colourBytes = 12

  /// Where the pixels are; without a palette as yet.
  let layout: SurfaceLayout
  /// Where the colour map begins, and how many of its entries matter: none for true colour.
  let colourMapOffset: Int
  let colourCount: Int
  /// The size of the words to be read in opposite byte order (2 or 4), if the image is most significant byte first.
  let swappedWordBytes: Int?

  /// A header that is not one, or not one of a picture we can read: a sentence for the status card.
  struct Refusal: Error, Equatable {
    let sentence: String
  }

  init(_ bytes: [UInt8]) throws(Refusal) {
    func field(_ index: Int) -> Int { Self.bigEndian(bytes, at: index * 4, count: 4) }
    guard bytes.count >= Self.byteCount, field(1) == 7, (100...1 << 20).contains(field(0)) else {
      throw Refusal(sentence: "The file is not an X window dump of version 7.")
    }
    guard field(2) == 2 else { throw Refusal(sentence: "The window dump is not a ZPixmap.") }
    guard field(19) <= 1 << 16 else {
      throw Refusal(sentence: "The window dump claims a colour map of \(field(19)) entries.")
    }
    let format = try Self.format(
      bitsPerPixel: field(11), visualClass: field(13), masks: (field(14), field(15), field(16)))
    let layout = SurfaceLayout(
      format: format, size: PixelSize(width: field(4), height: field(5)), strideBytes: field(12),
      byteOffset: field(0) + field(19) * Self.colourBytes)
    guard layout.checkedByteCount != nil else {
      throw Refusal(
        sentence: "The window dump claims \(field(4))x\(field(5)) pixels in rows of \(field(12)) bytes.")
    }
    self.layout = layout
    colourMapOffset = field(0)
    colourCount = format == .c8 ? min(field(19), 256) : 0
    swappedWordBytes = field(7) == 0 || format.bytesPerPixel == 1 ? nil : format.bytesPerPixel
  }

  /// The palette that a colour map stands for: 0x00RRGGBB at the index that each entry names.
  static func palette(_ colours: [UInt8]) -> [UInt32] {
    var palette = [UInt32](repeating: 0, count: 256)
    for start in stride(from: 0, through: colours.count - colourBytes, by: colourBytes) {
      let index = bigEndian(colours, at: start, count: 4)
      guard palette.indices.contains(index) else { continue }
      // The high byte of each 16-bit channel.
      palette[index] =
        UInt32(colours[start + 4]) << 16 | UInt32(colours[start + 6]) << 8 | UInt32(colours[start + 8])
    }
    return palette
  }

  private static func format(
    bitsPerPixel: Int, visualClass: Int, masks: (Int, Int, Int)
  ) throws(Refusal) -> PixelFormat {
    // TrueColor is 4 and DirectColor 5; below are those that go by the colour map (X.h).
    if visualClass < 4 {
      if bitsPerPixel == 8 { return .c8 }
    } else if let format = PixelFormat.all.first(where: {
      $0.isReadable && $0.bytesPerPixel * 8 == bitsPerPixel && $0 != .c8
        && masks == (mask($0.red), mask($0.green), mask($0.blue))
    }) {
      return format
    }
    throw Refusal(
      sentence: "The window dump has \(bitsPerPixel) bits per pixel in visual class \(visualClass), "
        + "which cannot be read.")
  }

  private static func mask(_ bits: Range<Int>) -> Int { (1 << bits.count - 1) << bits.lowerBound }

  private static func bigEndian(_ bytes: [UInt8], at start: Int, count: Int) -> Int {
    bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
  }
}
