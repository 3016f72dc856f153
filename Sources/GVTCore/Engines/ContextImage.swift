// A context as it lies in memory: the part of it that says where its ring is (i915 `intel_lrc_reg.h`).

/// What a driver writes to the submission port for a context.
struct ContextDescriptor: Equatable, Sendable {
  let rawValue: UInt64

  init(low: UInt32, high: UInt32) { rawValue = UInt64(high) << 32 | UInt64(low) }

  var isValid: Bool { rawValue & 1 == 1 }
  /// What events name the context by.
  var identity: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
  /// The image's second page, where its registers are: a global address.
  fileprivate var registers: UInt64 { (rawValue & 0xffff_f000) + UInt64(PageLocation.pageBytes) }
}

/// The registers of a context that an execution needs.
struct ContextImage {
  /// Of the next command, in bytes from the start of the ring.
  let head: Int
  /// Of the end of the commands.
  let tail: Int
  /// The ring's global address and its size in bytes.
  let start: UInt64
  let byteCount: Int
  /// The page tables for batch buffers.
  let root: GuestAddress

  private static let headWord = 0x05
  private static let tailWord = 0x07
  private static let startWord = 0x09
  private static let controlWord = 0x0b
  private static let rootWords = (high: 0x31, low: 0x33)

  /// Nil if the image is not in memory.
  init?(of context: ContextDescriptor, in memory: EngineMemory) {
    guard let words = memory.page(at: context.registers, in: .global) else { return nil }
    byteCount = Int(words[Self.controlWord] >> 12 & 0x1ff) * PageLocation.pageBytes + PageLocation.pageBytes
    start = UInt64(words[Self.startWord] & 0xffff_f000)
    head = Int(words[Self.headWord] & 0x1f_fffc) % byteCount
    tail = Int(words[Self.tailWord] & 0x1f_fff8) % byteCount
    root = GuestAddress(UInt64(words[Self.rootWords.high]) << 32 | UInt64(words[Self.rootWords.low]))
  }

  /// Notes how far the ring was executed.
  static func save(head: Int, of context: ContextDescriptor, in memory: EngineMemory) {
    memory.store([UInt32(head)], at: context.registers + UInt64(4 * headWord), in: .global)
  }
}
