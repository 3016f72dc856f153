// Partial, wide and unaligned register accesses, cut into the 32-bit words they touch.

/// How many bytes one access moves.
package enum AccessWidth: Int, Sendable, CaseIterable {
  case byte = 1
  case word = 2
  case dword = 4
  case qword = 8
}

/// The part of an access that falls into one 32-bit word.
package struct WordAccess: Equatable, Sendable {
  /// The word's offset, a multiple of four.
  package let offset: Int
  /// The bits of the word that the access covers.
  package let lanes: UInt32
  /// Where bit 0 of the word is in the access; negative if the access begins within the word.
  private let shift: Int

  /// The words of an access, lowest first: at most three.
  package static func words(at offset: Int, _ width: AccessWidth) -> [WordAccess] {
    let bits = UInt64.max >> (64 - 8 * width.rawValue)
    return stride(from: offset & ~3, to: offset + width.rawValue, by: 4).map { word in
      let shift = 8 * (word - offset)
      return WordAccess(offset: word, lanes: Self.cut(bits, shift), shift: shift)
    }
  }

  /// The word's part of the value of the whole access.
  package func part(of value: UInt64) -> UInt32 { Self.cut(value, shift) & lanes }

  /// What the word contributes to the value of the whole access.
  package func contribution(_ word: UInt32) -> UInt64 {
    // A "smart" shift by a negative amount goes the other way.
    UInt64(word & lanes) << shift
  }

  private static func cut(_ value: UInt64, _ shift: Int) -> UInt32 { UInt32(truncatingIfNeeded: value >> shift) }
}
