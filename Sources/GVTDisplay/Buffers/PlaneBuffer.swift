// Where a picture's bytes are, and how to read them without being hurt when their owner takes them away.
import CLinux
package import GVTCore
import Glibc

/// Memory that holds a picture. Somebody else may write it at any time, so it is only ever copied out of.
package final class PlaneBuffer {
  private let storage: Storage

  private init(_ storage: consuming Storage) { self.storage = storage }

  /// A dmabuf that the CPU can map; its size is what the kernel says (`lseek`), not what a guest says.
  package static func dmabuf(_ descriptor: consuming OwnedDescriptor) throws(BufferFailure) -> PlaneBuffer {
    let size = lseek(descriptor.raw, 0, SEEK_END)
    guard size > 0 else {
      throw .system(doing: "Asking for the size of a dmabuf", SystemFailure("lseek", size == 0 ? EINVAL : errno))
    }
    let mapping: Mapping
    do {
      mapping = try Mapping(descriptor, count: size, guarded: true)
    } catch {
      if error.code == ENODEV { throw .notMappable }
      throw .system(doing: "Mapping a dmabuf", error)
    }
    return PlaneBuffer(.dmabuf(DMABuf(descriptor: descriptor, mapping: mapping)))
  }

  /// The first `count` bytes of a file that may shrink at any time. The descriptor may be closed afterwards.
  package static func file(
    _ descriptor: borrowing OwnedDescriptor, count: Int
  ) throws(BufferFailure) -> PlaneBuffer {
    guard count > 0 else { throw .tooShort(needed: 1, has: 0) }
    do {
      return PlaneBuffer(.file(try Mapping(descriptor, count: count, guarded: true)))
    } catch {
      throw .system(doing: "Mapping the file", error)
    }
  }

  /// A device's memory, such as a GPU's aperture: no cache holds it.
  package static func deviceMemory(_ mapping: consuming Mapping) -> PlaneBuffer { PlaneBuffer(.device(mapping)) }

  /// Scattered pages; whoever holds `mapping` may update it between two reads.
  package static func pages(_ mapping: PageMapping) -> PlaneBuffer { PlaneBuffer(.pages(mapping)) }

  /// The same as a dmabuf.
  package static func exported(_ pages: ExportedPages) -> PlaneBuffer { PlaneBuffer(.exported(pages)) }

  /// `count` bytes of our own, zero at first, to be filled with ``withMutableBytes(_:)`` or
  /// ``copyRows(from:strideBytes:rowBytes:rows:to:strideBytes:)``. The caller has checked `count`.
  package static func bytes(count: Int) -> PlaneBuffer {
    precondition(count > 0 && count <= 1 << 30, "a buffer of \(count) bytes holds no picture that can be shown")
    return PlaneBuffer(.bytes(OwnBytes(count: count)))
  }

  /// Bytes there are.
  package var count: Int { storage.count }

  /// Reading a byte may be slow (graphics memory that no cache holds), so that it is best read once.
  var isSlow: Bool { storage.isSlow }

  /// Lends the bytes to `body`, which must not keep them. Throws what ``beginReading()`` and ``endReading()`` do; what
  /// `body` has made of bytes that were lost meanwhile is thrown away with its result.
  package func read<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws(BufferFailure) -> Result {
    let result = unsafe body(try beginReading())
    try endReading()
    return result
  }

  /// The bytes, valid until ``endReading()``, which must follow.
  func beginReading() throws(BufferFailure) -> UnsafeRawBufferPointer { unsafe try storage.beginReading() }

  /// Throws if some of the bytes that were read since ``beginReading()`` were no longer there.
  func endReading() throws(BufferFailure) { try storage.endReading() }

  /// Lends our own bytes for writing; nil when the memory is somebody else's.
  @discardableResult
  package func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result? {
    guard let bytes = unsafe storage.ownBytes else { return nil }
    return unsafe body(bytes)
  }

  /// Copies `rows` rows of `rowBytes` bytes into our own bytes. False, and nothing copied, when the numbers do not fit
  /// the source or this buffer: they may come from a peer.
  package func copyRows(
    from source: UnsafeRawBufferPointer, strideBytes sourceStride: Int, rowBytes: Int, rows: Int,
    to offset: Int, strideBytes: Int
  ) -> Bool {
    guard let bytes = unsafe storage.ownBytes,
      Self.holds(source.count, offset: 0, stride: sourceStride, rowBytes: rowBytes, rows: rows),
      Self.holds(bytes.count, offset: offset, stride: strideBytes, rowBytes: rowBytes, rows: rows),
      let from = source.baseAddress, let to = bytes.baseAddress
    else { return false }
    for row in 0..<rows {
      unsafe memcpy(to + offset + row * strideBytes, from + row * sourceStride, rowBytes)
    }
    return true
  }

  /// Copies words of `wordBytes` bytes (2 or 4) of `other` into our own bytes with each word's bytes in opposite order, as
  /// many as both hold.
  package func copySwapping(wordBytes: Int, from other: PlaneBuffer) throws(BufferFailure) {
    guard let own = unsafe storage.ownBytes else { return }
    let end = min(own.count, other.count) / wordBytes * wordBytes
    unsafe try other.read { source in
      for offset in stride(from: 0, to: end, by: wordBytes) {
        if wordBytes == 4 {
          let word = unsafe source.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          unsafe own.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: UInt32.self)
        } else {
          let word = unsafe source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
          unsafe own.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: UInt16.self)
        }
      }
    }
  }

  private static func holds(_ count: Int, offset: Int, stride: Int, rowBytes: Int, rows: Int) -> Bool {
    guard offset >= 0, stride >= 0, rowBytes > 0, rows > 0, offset <= count, rowBytes <= count - offset else {
      return false
    }
    let (lastRow, overflow) = stride.multipliedReportingOverflow(by: rows - 1)
    return !overflow && lastRow <= count - offset - rowBytes
  }
}

/// The kinds of memory there are.
private enum Storage: ~Copyable {
  case dmabuf(DMABuf)
  case file(Mapping)
  case device(Mapping)
  case pages(PageMapping)
  case exported(ExportedPages)
  case bytes(OwnBytes)

  var count: Int {
    switch self {
    case .dmabuf(let buffer): buffer.mapping.count
    case .file(let mapping): mapping.count
    case .device(let mapping): mapping.count
    case .pages(let mapping): mapping.count
    case .exported(let pages): pages.count
    case .bytes(let bytes): bytes.count
    }
  }

  var isSlow: Bool {
    switch self {
    case .dmabuf: true
    case .device: true
    default: false
    }
  }

  var ownBytes: UnsafeMutableRawBufferPointer? {
    switch self {
    case .bytes(let bytes): unsafe bytes.all
    default: nil
    }
  }

  borrowing func beginReading() throws(BufferFailure) -> UnsafeRawBufferPointer {
    switch self {
    case .dmabuf(let buffer):
      try buffer.synchronise(begin: true)
      return unsafe buffer.mapping.bytes
    case .file(let mapping):
      if mapping.faults != 0 { throw .lostWhileRead }
      return unsafe mapping.bytes
    case .device(let mapping):
      if mapping.faults != 0 { throw .lostWhileRead }
      return unsafe mapping.bytes
    case .pages(let mapping):
      guard let bytes = unsafe mapping.bytes else { throw .lostWhileRead }
      return unsafe bytes
    case .exported(let pages):
      guard let bytes = unsafe pages.bytes else { throw .lostWhileRead }
      for part in pages.dmabufs { try part.synchroniseForReading(begin: true) }
      return unsafe bytes
    case .bytes(let bytes): return unsafe UnsafeRawBufferPointer(bytes.all)
    }
  }

  borrowing func endReading() throws(BufferFailure) {
    switch self {
    case .dmabuf(let buffer):
      try buffer.synchronise(begin: false)
      if buffer.mapping.faults != 0 { throw .lostWhileRead }
    case .file(let mapping):
      if mapping.faults != 0 { throw .lostWhileRead }
    case .device(let mapping):
      if mapping.faults != 0 { throw .lostWhileRead }
    case .pages(let mapping):
      if unsafe mapping.bytes == nil { throw .lostWhileRead }
    case .exported(let pages):
      for part in pages.dmabufs { try part.synchroniseForReading(begin: false) }
      if unsafe pages.bytes == nil { throw .lostWhileRead }
    case .bytes: break
    }
  }
}

/// A dmabuf, mapped.
private struct DMABuf: ~Copyable {
  let descriptor: OwnedDescriptor
  let mapping: Mapping

  borrowing func synchronise(begin: Bool) throws(BufferFailure) {
    try descriptor.synchroniseForReading(begin: begin)
  }
}

extension OwnedDescriptor {
  /// DMA_BUF_IOCTL_SYNC (linux/dma-buf.h), which is to be repeated on EAGAIN and EINTR.
  borrowing func synchroniseForReading(begin: Bool) throws(BufferFailure) {
    while gvt_dmabuf_sync_read(raw, begin ? 1 : 0) != 0 {
      if errno == EINTR || errno == EAGAIN { continue }
      // Not a dmabuf but a file that can be mapped like one: reading it needs no preparation.
      if errno == ENOTTY { return }
      throw .system(doing: "Preparing a dmabuf for reading", SystemFailure("ioctl(DMA_BUF_IOCTL_SYNC)"))
    }
  }
}

extension SharedDescriptor {
  func synchroniseForReading(begin: Bool) throws(BufferFailure) {
    try owned.synchroniseForReading(begin: begin)
  }
}

/// Memory of our own.
@safe private struct OwnBytes: ~Copyable {
  let all: UnsafeMutableRawBufferPointer

  init(count: Int) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe all = memory
  }

  var count: Int { unsafe all.count }

  deinit { unsafe all.deallocate() }
}
