// A process by number and start: numbers are given away again.

/// A process, told from a later one of the same number.
package struct ProcessIdentity: Hashable, Sendable {
  package let id: Int32
  /// When it started, in clock ticks after boot: field 22 of /proc/PID/stat.
  package let startTicks: UInt64

  package init(id: Int32, startTicks: UInt64) {
    self.id = id
    self.startTicks = startTicks
  }

  /// Who has the number `id` now; nil if nobody has.
  package init?(_ id: Int32, in root: HostRoot) {
    guard let ticks = Self.startTicks(id, in: root) else { return nil }
    self.init(id: id, startTicks: ticks)
  }

  /// The second field, a name in parentheses, may itself have blanks and parentheses.
  private static func startTicks(_ id: Int32, in root: HostRoot) -> UInt64? {
    guard let text = root.text("/proc/\(id)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}
