// The register space as a flat array of words, with a table beside it for the registers that have rules.

/// 2 MiB of registers. A register without a rule reads what was last written, initially zero.
package struct RegisterFile: Sendable {
  package static let byteCount = 2 << 20

  private(set) var words: [UInt32]
  private let rules: [Int: RegisterRule]

  /// Registers as at power-on, or as they were.
  package init(_ rows: [RegisterRule], restoring state: State? = nil) {
    var rules: [Int: RegisterRule] = [:]
    for row in rows {
      for offset in stride(from: row.offset, to: row.offset + 4 * row.count, by: 4) {
        precondition(offset % 4 == 0 && offset < Self.byteCount, "\(row.name) lies outside the register space")
        precondition(rules.updateValue(row, forKey: offset) == nil, "\(row.name) is in the tables twice")
      }
    }
    self.rules = rules
    words = state?.words ?? []
    if state == nil { reset() }
  }

  package mutating func reset() {
    words = Array(repeating: 0, count: Self.byteCount / 4)
    for (offset, rule) in rules { words[offset / 4] = rule.reset }
  }

  /// A block back to its state at power-on.
  package mutating func reset(_ block: Range<Int>) {
    for offset in stride(from: block.lowerBound, to: block.upperBound, by: 4) {
      words[offset / 4] = rules[offset]?.reset ?? 0
    }
  }

  /// The word at a multiple of four, as the hardware itself reads and changes it: no rule applies.
  package subscript(offset: Int) -> UInt32 {
    get { words[offset / 4] }
    set { words[offset / 4] = newValue }
  }

  package func rule(at offset: Int) -> RegisterRule? { rules[offset] }

  /// A guest's write of the bits in `lanes`, under the register's rule.
  package mutating func store(_ value: UInt32, lanes: UInt32, at offset: Int) {
    let old = self[offset]
    self[offset] = rules[offset]?.stored(value, lanes: lanes, over: old) ?? (old & ~lanes | value & lanes)
  }
}
