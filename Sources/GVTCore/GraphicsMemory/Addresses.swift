// The kinds of address that must never be mixed: the guest's memory, graphics memory, and pages of the latter.

/// A guest-physical address, in bytes.
package struct GuestAddress: Hashable, Comparable, Sendable {
  package var rawValue: UInt64

  package init(_ rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (a: GuestAddress, b: GuestAddress) -> Bool { a.rawValue < b.rawValue }
}

/// An address in the global graphics address space that the GGTT translates, in bytes.
package struct GraphicsAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var rawValue: UInt64

  package init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// One past the last address: an 8 MiB table of 64-bit entries maps 4 GiB.
  package static let limit = GraphicsAddress(1 << 32)

  /// The page that holds this address.
  package var page: PageNumber { PageNumber(Int(clamping: rawValue / UInt64(PageLocation.pageBytes))) }

  package static func < (a: GraphicsAddress, b: GraphicsAddress) -> Bool { a.rawValue < b.rawValue }
  package var description: String { "0x" + String(rawValue, radix: 16) }
}

/// A page of graphics memory: the index of its entry in the GGTT.
package struct PageNumber: Hashable, Comparable, Sendable {
  package var rawValue: Int

  package init(_ rawValue: Int) { self.rawValue = rawValue }

  /// The address of the page's first byte.
  package var start: GraphicsAddress {
    GraphicsAddress(UInt64(clamping: rawValue) * UInt64(PageLocation.pageBytes))
  }

  package static func < (a: PageNumber, b: PageNumber) -> Bool { a.rawValue < b.rawValue }
}
