// Puts layers together, a band of the picture at a time, in memory small enough for the cache.
import GVTCore
import Glibc

/// Two bands of scratch memory and the way to fill one with what is on the screen.
@safe final class BandComposer {
  /// From one row of a band to the next, in bytes.
  let strideBytes: Int
  private let band: UnsafeMutableRawPointer
  /// A layer's pixels in their own format, before they are converted or blended.
  private let raw: UnsafeMutableRawPointer

  /// For pictures of `size`.
  init(size: PixelSize) {
    strideBytes = (size.width * 4 + 63) / 64 * 64
    let bytes = strideBytes * TileSet.tileSide
    unsafe band = .allocate(byteCount: bytes, alignment: 4096)
    unsafe raw = .allocate(byteCount: bytes, alignment: 4096)
  }

  deinit {
    unsafe band.deallocate()
    unsafe raw.deallocate()
  }

  /// What is on the screen at `region`, which is at most one row of tiles high: the address of its first pixel.
  func compose(_ layers: [ReadableLayer], region: PixelRect) -> UnsafeRawPointer {
    let base = layers.lastIndex { $0.layer.hidesWhatIsBelow && $0.layer.rect.contains(region) }
    if base == nil {
      for row in 0..<region.height { unsafe memset(band + row * strideBytes, 0, region.width * 4) }
    }
    for layer in layers[(base ?? 0)...] {
      let visible = layer.layer.rect.intersection(region)
      if visible.isEmpty { continue }
      let target = unsafe band + (visible.y - region.y) * strideBytes + (visible.x - region.x) * 4
      let part = visible.offset(byX: -layer.layer.position.x, y: -layer.layer.position.y)
      if layer.layer.hidesWhatIsBelow {
        unsafe put(part, of: layer, at: target)
      } else {
        unsafe blend(part, of: layer, onto: target)
      }
    }
    return unsafe UnsafeRawPointer(band)
  }

  private func put(_ part: PixelRect, of layer: ReadableLayer, at target: UnsafeMutableRawPointer) {
    let layout = layer.layer.layout
    if PixelConverter.isIdentity(layout.format) {
      unsafe Detiler.copy(
        part, of: layout, from: layer.bytes, isSlow: layer.layer.buffer.isSlow, to: target, strideBytes: strideBytes)
      return
    }
    unsafe Detiler.copy(
      part, of: layout, from: layer.bytes, isSlow: layer.layer.buffer.isSlow, to: raw, strideBytes: strideBytes)
    for row in 0..<part.height {
      unsafe PixelConverter.convert(
        part.width, of: layout.format, palette: layout.palette, from: raw + row * strideBytes,
        to: target + row * strideBytes)
    }
  }

  /// Every format with alpha has 32 bits, so that it can be converted in place.
  private func blend(_ part: PixelRect, of layer: ReadableLayer, onto target: UnsafeMutableRawPointer) {
    let layout = layer.layer.layout
    unsafe Detiler.copy(
      part, of: layout, from: layer.bytes, isSlow: layer.layer.buffer.isSlow, to: raw, strideBytes: strideBytes)
    for row in 0..<part.height {
      let pixels = unsafe raw + row * strideBytes
      if !PixelConverter.isIdentity(layout.format) {
        unsafe PixelConverter.convert(
          part.width, of: layout.format, palette: nil, from: pixels, to: pixels)
      }
      for x in 0..<part.width {
        let above = unsafe pixels.load(fromByteOffset: x * 4, as: UInt32.self)
        let place = unsafe target + row * strideBytes + x * 4
        unsafe place.storeBytes(
          of: blended(above, over: place.loadUnaligned(as: UInt32.self)), as: UInt32.self)
      }
    }
  }
}

/// `above`, 0xAARRGGBB with colours multiplied by alpha, over an opaque pixel: each channel is
/// above + below * (255 - alpha) / 255, rounded, and held at 255 where a guest's colours exceed their alpha.
func blended(_ above: UInt32, over below: UInt32) -> UInt32 {
  let rest = 255 - above >> 24
  func channel(_ shift: UInt32) -> UInt32 {
    let product = (below >> shift & 0xff) * rest + 128
    return min((above >> shift & 0xff) + (product + product >> 8) >> 8, 255) << shift
  }
  return channel(16) | channel(8) | channel(0)
}
