// Compresses a rectangle's data into a zlib stream of its own that needs nothing before it and never ends.
import CISAL

/// ISA-L's deflate (Debian libisal2, on amd64 and arm64): several times faster than zlib's level 1 on a desktop's
/// palette numbers, for about the same bytes. It starts afresh with each call, as rectangles without viewer state must.
@safe final class Deflater {
  private let stream = UnsafeMutablePointer<isal_zstream>.allocate(capacity: 1)
  private let tables: UnsafeMutablePointer<UInt8>
  /// ISAL_DEF_LVL3_DEFAULT, the largest of the levels used here, rounded up; the header's macro is not imported.
  private static let tableBytes = 512 * 1024

  init() {
    unsafe tables = .allocate(capacity: Self.tableBytes)
    unsafe isal_deflate_stateless_init(stream)
  }

  deinit {
    unsafe stream.deallocate()
    unsafe tables.deallocate()
  }

  /// ISA-L's level for a viewer's compression level 0...9.
  static func effort(compressionLevel: Int) -> Int { compressionLevel <= 3 ? 1 : compressionLevel <= 6 ? 2 : 3 }

  /// More than `deflate` ever writes for `count` bytes.
  static func bound(_ count: Int) -> Int { count + count / 16 + 1024 }

  /// Writes a zlib header (RFC 1950: deflate, 32 KiB window) and the data up to a full flush. There is no final block:
  /// gtk-vnc's inflate takes only Z_OK, and the next rectangle would follow in the same stream but for its reset.
  /// Returns the number of bytes written to `output`, which has room for ``bound(_:)``.
  func deflate(
    _ input: UnsafePointer<UInt8>, count: Int, effort: Int, to output: UnsafeMutablePointer<UInt8>
  ) -> Int {
    unsafe output[0] = 0x78
    unsafe output[1] = 0x01
    unsafe stream.pointee.level = UInt32(effort)
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
