// A plane that a device announced, in numbers that fit together: what a buffer is known by, and what is in it.
import GVTCore

/// A plane as told, told apart from every other.
struct DevicePicture: Equatable {
  /// A buffer's number alone does not tell it: KVMGT gives a number away again, and knows no strides.
  struct Key: Hashable {
    var buffer: UInt32
    var code: FourCC
    var modifier: UInt64
    var width: UInt32
    var height: UInt32
    var strideBytes: UInt32
  }

  let key: Key
  let position: PixelPoint
  /// Nil where the guest does not say.
  let hotSpot: PixelPoint?

  /// Throws the kind of nonsense; nil is no picture.
  init?(_ plane: GraphicsPlane) throws(Nonsense) {
    guard plane.byteCount >= 60 else {
      throw Nonsense(kind: "QUERY answers with a structure of \(plane.byteCount) bytes")
    }
    if plane.isNone { return nil }
    key = Key(
      buffer: plane.buffer, code: plane.code, modifier: plane.modifier, width: plane.width, height: plane.height,
      strideBytes: plane.strideBytes)
    position = PixelPoint(x: Self.signed(plane.x), y: Self.signed(plane.y))
    let isHotSpotInside = plane.hotX < plane.width && plane.hotY < plane.height
    hotSpot = isHotSpotInside ? PixelPoint(x: Int(plane.hotX), y: Int(plane.hotY)) : nil
    guard size.isShowable else { throw Nonsense(kind: "QUERY answers with a plane of \(size) pixels") }
  }

  /// An answer that no picture can be made of.
  struct Nonsense: Error, Equatable {
    let kind: String
  }

  var size: PixelSize { PixelSize(width: Int(key.width), height: Int(key.height)) }

  var description: DMABufDescription {
    DMABufDescription(
      code: key.code, modifier: key.modifier, size: size, strideBytes: Int(key.strideBytes))
  }

  /// What the CPU finds in a region.
  func layout() throws(BufferFailure) -> SurfaceLayout {
    let modifier = FormatModifier(rawValue: key.modifier)
    guard let format = PixelFormat(key.code), format.isReadable, format != .c8, let tiling = modifier.tiling else {
      throw .unreadableFormat("\(key.code) with modifier \(modifier.name)")
    }
    return SurfaceLayout(format: format, tiling: tiling, size: size, strideBytes: Int(key.strideBytes))
  }

  /// Fields without a sign that may have been made of one with a sign.
  private static func signed(_ field: UInt32) -> Int { Int(Int32(bitPattern: field)) }
}
