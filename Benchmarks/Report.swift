// What was measured, what was promised, and whether the one keeps the other.
import Glibc
import TestSupport

struct Figure {
  var name: String
  var value: Double
  var unit: String
  /// The bound that was promised; nil for what is only told.
  var target: Bound?

  enum Bound {
    case atMost(Double)
    case atLeast(Double)
  }

  var isKept: Bool {
    switch target {
    case .atMost(let bound): value <= bound
    case .atLeast(let bound): value >= bound
    case nil: true
    }
  }
}

struct Report {
  private(set) var figures: [Figure] = []
  private(set) var failures: [(name: String, reason: String)] = []
  private(set) var skipped: [(name: String, reason: String)] = []

  mutating func add(_ name: String, _ value: Double, _ unit: String, _ target: Figure.Bound? = nil) {
    let figure = Figure(name: name, value: value, unit: unit, target: target)
    figures.append(figure)
    print(Self.line(figure))
    fflush(nil)
  }

  mutating func fail(_ name: String, because reason: String) {
    failures.append((name, reason))
    print("\(name): FAILED: \(reason)")
  }

  mutating func skip(_ name: String, because reason: String) {
    skipped.append((name, reason))
    print("\(name): not measured: \(reason)")
  }

  var isPassed: Bool { failures.isEmpty && figures.allSatisfy(\.isKept) }

  private static func line(_ figure: Figure) -> String {
    let target =
      switch figure.target {
      case .atMost(let bound): "<= \(number(bound)) \(figure.unit)"
      case .atLeast(let bound): ">= \(number(bound)) \(figure.unit)"
      case nil: ""
      }
    let verdict = figure.target == nil ? "" : figure.isKept ? "pass" : "FAIL"
    return padded(figure.name, 62) + padded("\(number(figure.value)) \(figure.unit)", 16) + padded(target, 16) + verdict
  }

  func printTable() {
    print("\n" + Self.padded("figure", 62) + Self.padded("measured", 16) + Self.padded("target", 16) + "verdict")
    for figure in figures { print(Self.line(figure)) }
    for (name, reason) in skipped { print("\(name): not measured: \(reason)") }
    for (name, reason) in failures { print("\(name): FAILED: \(reason)") }
  }

  func write(to path: String) throws {
    let items = figures.map { figure in
      var fields = "\"name\": \"\(figure.name)\", \"value\": \(figure.value), \"unit\": \"\(figure.unit)\""
      switch figure.target {
      case .atMost(let bound): fields += ", \"atMost\": \(bound), \"kept\": \(figure.isKept)"
      case .atLeast(let bound): fields += ", \"atLeast\": \(bound), \"kept\": \(figure.isKept)"
      case nil: break
      }
      return "  {\(fields)}"
    }
    try writeBytes(Array("[\n\(items.joined(separator: ",\n"))\n]\n".utf8), to: path, mode: 0o644)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  /// Three digits that count.
  private static func number(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
    let scale = pow(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension Array where Element == Double {
  /// The value that `share` of all do not exceed; 0 if there is none.
  func quantile(_ share: Double) -> Double {
    isEmpty ? 0 : sorted()[Swift.min(count - 1, Int((Double(count) * share).rounded(.down)))]
  }

  var median: Double { quantile(0.5) }
}
