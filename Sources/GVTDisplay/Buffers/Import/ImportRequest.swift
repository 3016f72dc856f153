// A dmabuf with what its lender says of it, once that has been found possible.
import GVTCore
import Glibc

/// A buffer to be read. Everything in ``description`` is within reason and within the dmabuf.
final class ImportRequest: Sendable {
  let dmabuf: SharedDescriptor
  let description: DMABufDescription
  /// The format, if it is one that we know.
  let format: PixelFormat?
  let modifier: FormatModifier?

  /// Checks the numbers, which come from a driver or from a guest through one.
  init(_ dmabuf: consuming OwnedDescriptor, as description: DMABufDescription) throws(BufferFailure) {
    guard description.size.isShowable else { throw .impossibleSize(description.size) }
    format = PixelFormat(description.code)
    modifier = description.modifier.map { FormatModifier(rawValue: $0) }
    let size = lseek(dmabuf.raw, 0, SEEK_END)
    guard size >= 0 else { throw .system(doing: "Asking for the size of a dmabuf", SystemFailure("lseek")) }
    let needed = try Self.byteCount(description, format: format)
    guard needed <= size else { throw .tooShort(needed: needed, has: size) }
    self.dmabuf = SharedDescriptor(dmabuf)
    self.description = description
  }

  /// The modifier where somebody says one.
  var statedModifier: UInt64? { modifier.flatMap { $0.isStated ? $0.rawValue : nil } }

  /// Format and modifier, for people.
  var name: String {
    let format = "format \(description.code)"
    guard let modifier, modifier.isStated else { return format + " with no modifier" }
    return "\(format) with modifier \(modifier.name)"
  }

  /// Where the pixels are for a CPU that sees the buffer's bytes as they are.
  func layout() throws(BufferFailure) -> SurfaceLayout {
    // An index needs a palette, which no interface of the kernel's hands on.
    guard let format, format.isReadable, format != .c8 else { throw .unreadableFormat(name) }
    guard let tiling = modifier?.tiling ?? (modifier == nil ? .linear : nil) else { throw .unreadableFormat(name) }
    let layout = SurfaceLayout(
      format: format, tiling: tiling, size: description.size, strideBytes: description.strideBytes,
      byteOffset: description.byteOffset)
    guard layout.checkedByteCount != nil else { throw .impossibleLayout }
    return layout
  }

  /// The least number of bytes that such a picture takes. An arrangement that we do not know takes no fewer than a linear
  /// one of the same stride: tiles and compressed tiles fill whole rows.
  private static func byteCount(
    _ description: DMABufDescription, format: PixelFormat?
  ) throws(BufferFailure) -> Int {
    guard (1...1 << 24).contains(description.strideBytes), (0...1 << 40).contains(description.byteOffset) else {
      throw .impossibleLayout
    }
    let tiling = description.modifier.map { FormatModifier(rawValue: $0).tiling } ?? .linear
    if let format, let tiling {
      let layout = SurfaceLayout(
        format: format, tiling: tiling, size: description.size, strideBytes: description.strideBytes,
        byteOffset: description.byteOffset)
      guard let count = layout.checkedByteCount else { throw .impossibleLayout }
      return count
    }
    return description.byteOffset + (description.size.height - 1) * description.strideBytes + 1
  }
}
