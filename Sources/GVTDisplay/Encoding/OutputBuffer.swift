// A worker's own memory that rectangles are written to before they are copied, once, into what viewers share.

/// Bytes that grow at their end and keep their memory from one band to the next.
@safe final class OutputBuffer {
  private(set) var count = 0
  private var capacity = 1 << 16
  private var start = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 16)

  deinit { unsafe start.deallocate() }

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }

  func removeAll() { count = 0 }

  /// A place behind the last byte with room for `extra`; it is good until the next call of any kind.
  func reserve(_ extra: Int) -> UnsafeMutablePointer<UInt8> {
    if count + extra > capacity {
      let larger = max(count + extra, capacity * 2)
      let place = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
      unsafe place.update(from: start, count: count)
      unsafe start.deallocate()
      unsafe start = place
      capacity = larger
    }
    return unsafe start + count
  }

  /// Counts bytes that were written to the place that ``reserve(_:)`` gave.
  func advance(_ written: Int) {
    precondition(written >= 0 && count + written <= capacity, "more was written than was reserved")
    count += written
  }

  func append(_ byte: UInt8) {
    unsafe reserve(1).pointee = byte
    count += 1
  }

  func append(bigEndian value: UInt16) {
    append(UInt8(value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  /// A TPIXEL (rfbproto, Tight Encoding): red, green, blue.
  func append(colour: UInt32) {
    append(UInt8(truncatingIfNeeded: colour >> 16))
    append(UInt8(truncatingIfNeeded: colour >> 8))
    append(UInt8(truncatingIfNeeded: colour))
  }
}

/// Memory for intermediate data, at least as large as last asked for; its contents do not survive the next request.
@safe final class ScratchBuffer {
  private var capacity = 0
  private var start: UnsafeMutablePointer<UInt8>?

  deinit { unsafe start?.deallocate() }

  func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let start = unsafe start, count <= capacity { return unsafe start }
    unsafe start?.deallocate()
    let place = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    unsafe start = place
    capacity = count
    return unsafe place
  }
}
