// Compresses a rectangle of a frame as JPEG with libjpeg-turbo.
import CTurboJPEG

/// One for each worker: a turbojpeg handle serves one thread at a time.
@safe final class JPEGCompressor {
  private let handle: tjhandle

  init() {
    guard let handle = unsafe tjInitCompress() else { preconditionFailure("turbojpeg has no memory for a handle") }
    unsafe self.handle = handle
  }

  deinit { _ = unsafe tjDestroy(handle) }

  /// Bytes that a JPEG of this geometry cannot exceed.
  static func bound(width: Int, height: Int, subsampling: ChromaSubsampling) -> Int {
    Int(tjBufSize(Int32(width), Int32(height), samples(subsampling)))
  }

  /// Writes to `output`, which has room for ``bound(width:height:subsampling:)``, and returns the number of bytes; nil
  /// if turbojpeg refuses. Its default transform is the fast one below quality 96, the accurate one from there.
  func compress(
    _ block: PixelBlock, quality: Int, subsampling: ChromaSubsampling, to output: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    var place: UnsafeMutablePointer<UInt8>? = unsafe output
    var count = UInt(Self.bound(width: block.width, height: block.height, subsampling: subsampling))
    let code = unsafe tjCompress2(
      handle, UnsafeRawPointer(block.start).assumingMemoryBound(to: UInt8.self), Int32(block.width),
      Int32(block.stride * 4), Int32(block.height), Int32(TJPF_BGRX.rawValue), &place, &count,
      Self.samples(subsampling), Int32(quality), TJFLAG_NOREALLOC)
    return code == 0 ? Int(count) : nil
  }

  private static func samples(_ subsampling: ChromaSubsampling) -> Int32 {
    switch subsampling {
    case .none: Int32(TJSAMP_444.rawValue)
    case .half: Int32(TJSAMP_422.rawValue)
    case .quarter: Int32(TJSAMP_420.rawValue)
    case .grey: Int32(TJSAMP_GRAY.rawValue)
    }
  }
}
