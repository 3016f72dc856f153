// A peer's address as people read it, and as the throttle counts it.

/// An IP address in text form, as `inet_ntop` writes it.
package struct PeerAddress: Equatable, Sendable {
  /// IPv4 in its own form, even where it arrived at an IPv6 socket.
  package let host: String
  /// IPv4 whole; of IPv6 the first 64 bits, which one customer has to himself.
  package let throttleKey: String

  package init(_ text: String) {
    let mapped = "::ffff:"
    if text.hasPrefix(mapped), text.contains(".") {
      host = String(text.dropFirst(mapped.count))
      throttleKey = host
    } else if text.contains(":") {
      host = text
      throttleKey = Self.network(of: text)
    } else {
      host = text
      throttleKey = text
    }
  }

  /// The first four groups, with what `::` stands for written out.
  private static func network(of text: String) -> String {
    let address = text.prefix { $0 != "%" }
    let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    let left = halves.first.map { $0.split(separator: ":") } ?? []
    let right = halves.count > 1 ? halves[1].split(separator: ":") : []
    let zeroes = [Substring](repeating: "0", count: max(0, 8 - left.count - right.count))
    return (left + (halves.count > 1 ? zeroes : []) + right).prefix(4).joined(separator: ":") + "::/64"
  }
}
