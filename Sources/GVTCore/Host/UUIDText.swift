// The text form of UUIDs, as mediated devices and VMs are named by them.

/// The text form of a UUID (RFC 9562, section 4), in small letters.
package enum UUIDText {
  package static let example = "6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90"

  /// `text` in small letters if it is a UUID.
  package static func parse(_ text: some StringProtocol) -> String? {
    let groups = text.lowercased().split(separator: "-", omittingEmptySubsequences: false)
    let isHex = groups.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }
    guard isHex, groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
    return text.lowercased()
  }
}
