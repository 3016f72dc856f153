// Bytes of guest memory, read and written as the device's DMA does.
import Glibc

/// Reaches guest memory through the regions that the VMM mapped, and nothing else. A few windows of the files stay mapped
/// between accesses. Any thread; accesses of several threads are in no order.
package final class GuestMemoryAccess: Sendable {
  /// A part of a file, guarded: should the file shrink, it reads as zeros and the access counts as a fault.
  private final class Window: Sendable {
    static let byteCount = 2 << 20

    let descriptor: SharedDescriptor
    /// Where it begins in the file, a multiple of ``byteCount``.
    let fileOffset: Int
    /// For which kind of region it was made. The file may be open for reading only all the same.
    let isForWriting: Bool
    let isWritable: Bool
    let mapping: Mapping

    init(_ descriptor: SharedDescriptor, _ fileOffset: Int, isForWriting: Bool, isWritable: Bool) throws(SystemFailure)
    {
      mapping = try Mapping(
        descriptor.owned, offset: fileOffset, count: Self.byteCount, writable: isWritable, guarded: true)
      self.descriptor = descriptor
      self.fileOffset = fileOffset
      self.isForWriting = isForWriting
      self.isWritable = isWritable
    }

    func covers(_ descriptor: SharedDescriptor, _ fileOffset: Int, isForWriting: Bool) -> Bool {
      self.descriptor === descriptor && self.fileOffset == fileOffset && self.isForWriting == isForWriting
    }
  }

  /// A stretch of an access that lies in one page, or in nothing.
  private struct Piece {
    let window: Window?
    let offset: Int
    let fault: MemoryFault?
  }

  package let faults: MemoryFaultCounter
  private let mostWindows: Int
  /// The one that was used last comes first.
  private let windows = Locked<[Window]>([])

  package init(faults: MemoryFaultCounter = MemoryFaultCounter(), mostWindows: Int = 8) {
    self.faults = faults
    self.mostWindows = mostWindows
  }

  /// Copies `count` bytes at a guest address into `bytes` at `place`; zeros for what cannot be reached. Whether all was.
  @discardableResult
  package func read(
    _ address: GuestAddress, count: Int, of memory: GuestMemory, into bytes: inout [UInt8], at place: Int = 0
  ) -> Bool {
    precondition(place >= 0 && count >= 0 && count <= bytes.count - place, "what is read fits its buffer")
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      guard let start = unsafe buffer.baseAddress?.advanced(by: place) else { return true }
      return transfer(address, count, memory, writing: false) { done, length, piece in
        guard let window = piece.window else {
          unsafe memset(start + done, 0, length)
          return
        }
        unsafe memcpy(start + done, window.mapping.start + piece.offset, length)
      }
    }
  }

  /// Copies `bytes` of a range to a guest address; what cannot be reached is lost. Whether all was reached.
  @discardableResult
  package func write(
    _ bytes: [UInt8], _ range: Range<Int>, to address: GuestAddress, of memory: GuestMemory
  ) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "what is written is in the buffer")
    return unsafe bytes.withUnsafeBytes { buffer in
      guard let start = unsafe buffer.baseAddress?.advanced(by: range.lowerBound) else { return true }
      return transfer(address, range.count, memory, writing: true) { done, length, piece in
        guard let window = piece.window else { return }
        unsafe memcpy(window.mapping.start + piece.offset, start + done, length)
      }
    }
  }

  /// A number at a guest address that is a multiple of its size, read in one access; nil if it cannot be reached.
  package func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type = Word.self, at address: GuestAddress, of memory: GuestMemory
  ) -> Word? {
    var word: Word?
    let size = MemoryLayout<Word>.size
    guard address.rawValue % UInt64(size) == 0 else { return nil }
    let isReached = transfer(address, size, memory, writing: false) { _, _, piece in
      guard let window = piece.window else { return }
      word = unsafe (window.mapping.start + piece.offset).load(as: Word.self)
    }
    return isReached ? word : nil
  }

  /// Writes a number at a guest address that is a multiple of its size, in one access. Whether it was reached.
  @discardableResult
  package func store<Word: FixedWidthInteger & BitwiseCopyable>(
    _ word: Word, at address: GuestAddress, of memory: GuestMemory
  ) -> Bool {
    let size = MemoryLayout<Word>.size
    guard address.rawValue % UInt64(size) == 0 else { return false }
    return transfer(address, size, memory, writing: true) { _, _, piece in
      guard let window = piece.window else { return }
      unsafe (window.mapping.start + piece.offset).storeBytes(of: word, as: Word.self)
    }
  }

  /// Unmaps everything: a VMM that takes memory away may count on our having let go of it.
  package func releaseWindows() {
    let released = windows.withLock { windows in
      defer { windows = [] }
      return windows
    }
    // Unmapped here, after the lock.
    _ = released
  }

  /// Cuts an access at the ends of pages and calls `copy` for each piece with what was done before and its length.
  private func transfer(
    _ address: GuestAddress, _ count: Int, _ memory: GuestMemory, writing: Bool, _ copy: (Int, Int, Piece) -> Void
  ) -> Bool {
    var done = 0
    var isWhole = true
    while done < count {
      let (place, overflow) = address.rawValue.addingReportingOverflow(UInt64(done))
      let page = PageLocation.pageBytes
      let length = min(count - done, page - Int(place % UInt64(page)))
      let piece =
        overflow ? .init(window: nil, offset: 0, fault: .unmappedPage) : locate(place, memory, writing: writing)
      let before = piece.window?.mapping.faults
      copy(done, length, piece)
      if let window = piece.window, window.mapping.faults != before {
        // The page under it is gone. Zeros were read, which is what the caller must get.
        forget(window)
        faults.count(.lostPage)
        isWhole = false
      }
      if let fault = piece.fault {
        faults.count(fault)
        isWhole = false
      }
      done += length
    }
    return isWhole
  }

  private func locate(_ address: UInt64, _ memory: GuestMemory, writing: Bool) -> Piece {
    guard let region = memory.region(holding: GuestAddress(address)) else {
      return Piece(window: nil, offset: 0, fault: .unmappedPage)
    }
    guard region.isWritable || !writing else { return Piece(window: nil, offset: 0, fault: .readOnlyPage) }
    let fileOffset = region.fileOffset + Int(address - region.start.rawValue)
    let start = fileOffset / Window.byteCount * Window.byteCount
    guard let window = window(region.descriptor, start, isForWriting: region.isWritable) else {
      return Piece(window: nil, offset: 0, fault: .lostPage)
    }
    guard window.isWritable || !writing else { return Piece(window: nil, offset: 0, fault: .readOnlyPage) }
    return Piece(window: window, offset: fileOffset - start, fault: nil)
  }

  private func window(_ descriptor: SharedDescriptor, _ fileOffset: Int, isForWriting: Bool) -> Window? {
    windows.withLock { windows in
      if let found = windows.firstIndex(where: { $0.covers(descriptor, fileOffset, isForWriting: isForWriting) }) {
        if found > 0 { windows.insert(windows.remove(at: found), at: 0) }
        return windows[0]
      }
      guard let made = Self.made(descriptor, fileOffset, isForWriting: isForWriting) else { return nil }
      if windows.count >= mostWindows { windows.removeLast() }
      windows.insert(made, at: 0)
      return made
    }
  }

  private static func made(_ descriptor: SharedDescriptor, _ fileOffset: Int, isForWriting: Bool) -> Window? {
    // A file that was opened for reading only cannot be mapped for writing; it can still be read.
    for isWritable in isForWriting ? [true, false] : [false] {
      let window = try? Window(descriptor, fileOffset, isForWriting: isForWriting, isWritable: isWritable)
      if let window { return window }
    }
    return nil
  }

  private func forget(_ window: Window) {
    windows.withLock { windows in windows.removeAll { $0 === window } }
  }
}
