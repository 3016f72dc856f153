// Compresses a rectangle's data into a zlib stream of its own that needs nothing before it and never ends.
import CISAL
import CZlib

/// What a viewer's compression level buys.
///
/// Measured on 1080p, 2 MB of palette numbers of a terminal (bytes, CPU): ISA-L's level 1 120 kB in 1.1 ms, its level 3
/// 124 kB in 4.4 ms, zlib's level 1 129 kB in 5.4 ms, 4 91 kB in 10 ms, 6 74 kB in 23 ms. A photo's true colours: ISA-L
/// 5.3 MB in 14 ms, zlib's level 1 the same in 138 ms; after the gradient filter, ISA-L's level 3 3.5 MB in 22 ms,
/// zlib's level 1 3.4 MB in 84 ms. So ISA-L (Debian libisal2, on amd64 and arm64) does it all, except that viewers with
/// a slow line who ask for much get zlib for palette numbers, and the gradient filter.
enum Effort: Int, Hashable, Sendable {
  case quick = 1
  case thorough = 7
  case utmost = 9

  init(compressionLevel: Int) {
    self = compressionLevel < 7 ? .quick : compressionLevel < 9 ? .thorough : .utmost
  }
}

/// One for each worker. Every call starts afresh, as rectangles without viewer state must.
@safe final class Deflater {
  private let stream = UnsafeMutablePointer<isal_zstream>.allocate(capacity: 1)
  private let tables: UnsafeMutablePointer<UInt8>
  /// ISAL_DEF_LVL3_DEFAULT is 348 KiB; the header's macro is not imported.
  private static let tableBytes = 512 * 1024
  private var thorough: ZlibStream?
  private var utmost: ZlibStream?

  init() {
    unsafe tables = .allocate(capacity: Self.tableBytes)
    unsafe isal_deflate_stateless_init(stream)
  }

  deinit {
    unsafe stream.deallocate()
    unsafe tables.deallocate()
  }

  /// More than a call ever writes for `count` bytes.
  static func bound(_ count: Int) -> Int { count + count / 16 + 1024 }

  /// Compresses palette numbers or bits. Returns the number of bytes written to `output`, which has room for
  /// ``bound(_:)``: a zlib header and the data up to a flush. There is no final block: gtk-vnc's inflate takes only
  /// Z_OK, and but for its reset the next rectangle would follow in the same stream.
  func deflateIndices(
    _ input: UnsafePointer<UInt8>, count: Int, effort: Effort, to output: UnsafeMutablePointer<UInt8>
  ) -> Int {
    switch effort {
    case .quick: return unsafe deflate(input, count: count, level: 1, to: output)
    case .thorough:
      let zlib = thorough ?? ZlibStream(level: 4)
      thorough = zlib
      return unsafe zlib.deflate(input, count: count, to: output)
    case .utmost:
      let zlib = utmost ?? ZlibStream(level: 6)
      utmost = zlib
      return unsafe zlib.deflate(input, count: count, to: output)
    }
  }

  /// The same for colour samples or, if they are `filtered`, their differences.
  func deflateSamples(
    _ input: UnsafePointer<UInt8>, count: Int, filtered: Bool, to output: UnsafeMutablePointer<UInt8>
  ) -> Int {
    unsafe deflate(input, count: count, level: filtered ? 3 : 1, to: output)
  }

  private func deflate(
    _ input: UnsafePointer<UInt8>, count: Int, level: Int, to output: UnsafeMutablePointer<UInt8>
  ) -> Int {
    // RFC 1950: deflate, 32 KiB window.
    unsafe output[0] = 0x78
    unsafe output[1] = 0x01
    unsafe stream.pointee.level = UInt32(level)
    unsafe stream.pointee.level_buf = tables
    unsafe stream.pointee.level_buf_size = UInt32(Self.tableBytes)
    unsafe stream.pointee.end_of_stream = 0
    unsafe stream.pointee.flush = UInt16(FULL_FLUSH)
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
    unsafe stream.pointee.avail_in = UInt32(count)
    unsafe stream.pointee.next_out = output + 2
    unsafe stream.pointee.avail_out = UInt32(Self.bound(count) - 2)
    unsafe stream.pointee.total_out = 0
    let code = unsafe isal_deflate_stateless(stream)
    precondition(code == COMP_OK, "deflate had room for its worst case, but answered \(code)")
    return unsafe 2 + Int(stream.pointee.total_out)
  }
}

/// zlib's own deflate, for those who would rather have few bytes than a quick server.
@safe private final class ZlibStream {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init(level: Int32) {
    unsafe stream.initialize(to: z_stream())
    let code = unsafe deflateInit_(stream, level, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib has no memory for a stream")
  }

  deinit {
    _ = unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func deflate(_ input: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<UInt8>) -> Int {
    _ = unsafe deflateReset(stream)
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input)
    unsafe stream.pointee.avail_in = UInt32(count)
    unsafe stream.pointee.next_out = output
    unsafe stream.pointee.avail_out = UInt32(Deflater.bound(count))
    let code = unsafe CZlib.deflate(stream, Z_SYNC_FLUSH)
    let left = unsafe stream.pointee.avail_out
    precondition(code == Z_OK && left > 0, "deflate had room for its worst case, but answered \(code)")
    return Deflater.bound(count) - Int(left)
  }
}
