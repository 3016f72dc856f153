// The display pipes of Gen8 and Gen9 graphics.

/// A pipe: composes planes into one picture and times its scan-out.
package enum Pipe: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case a, b, c

  /// Universal planes of each pipe, counted from 1 at the bottom; the cursor lies above them.
  package static let planes = 1...4

  package var description: String { "pipe \(["A", "B", "C"][rawValue])" }
}

/// What a fault is about: a pipe, one of its planes or its cursor.
package enum PlaneName: Hashable, Sendable, CustomStringConvertible {
  case pipe(Pipe)
  case plane(Pipe, Int)
  case cursor(Pipe)

  package var description: String {
    switch self {
    case .pipe(let pipe): "\(pipe)"
    case .plane(let pipe, let number): "plane \(number) of \(pipe)"
    case .cursor(let pipe): "the cursor of \(pipe)"
    }
  }
}
