// The figures that the project promises, measured in one run: names on the command line, or all of them.
import Glibc
import TestSupport

@main
struct Benchmark {
  static let all: [(name: String, run: @Sendable (Bench) throws -> Void)] = [
    ("photo", photo), ("stuck", stuck), ("idle", idle), ("compare", compare), ("text", text), ("video", video),
    ("latency", latency),
  ]

  static func main() {
    var names: [String] = []
    var json: String?
    var server = Project.program
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--json": json = arguments.popFirst()
      case "--server": server = arguments.popFirst() ?? server
      default: names.append(argument)
      }
    }
    if let stranger = names.first(where: { name in !all.contains { $0.name == name } }) {
      print("bench: there is no '\(stranger)'; there are \(all.map(\.name).joined(separator: ", "))")
      exit(2)
    }
    exit(run(all.filter { names.isEmpty || names.contains($0.name) }.map { ($0.name, $0.run) }, server, json))
  }

  private static func run(_ chosen: [(String, (Bench) throws -> Void)], _ server: String, _ json: String?) -> Int32 {
    let bench = Bench(server: server)
    for (name, measure) in chosen {
      print("\(name):")
      do { try measure(bench) } catch { bench.fail(name, "\(error)") }
    }
    if let json { try? writeBytes(Array(bench.json.utf8), to: json, mode: 0o644) }
    let missed = bench.figures.filter { !$0.isMet }
    print(
      missed.isEmpty
        ? "all \(bench.figures.count) figures met" : "missed: \(missed.map(\.name).joined(separator: "; "))")
    return missed.isEmpty ? 0 : 1
  }
}

struct Figure {
  var name: String
  var value: Double
  var unit: String
  /// At most this; at least this if `isFloor`. Nil: told for the record.
  var target: Double?
  var isFloor = false

  var isMet: Bool { target.map { isFloor ? value >= $0 : value <= $0 } ?? true }
}

final class Bench {
  let server: String
  private(set) var figures: [Figure] = []
  private var failures: [String] = []

  init(server: String) { self.server = server }

  func report(_ name: String, _ value: Double, _ unit: String, target: Double? = nil, isFloor: Bool = false) {
    let figure = Figure(name: name, value: value, unit: unit, target: target, isFloor: isFloor)
    figures.append(figure)
    let bound = target.map { "\(isFloor ? "≥" : "≤") \(rounded($0)) \(unit)" } ?? ""
    let verdict = target == nil ? "" : figure.isMet ? "met" : "MISSED"
    print("  \(padded(name, 62))\(padded("\(rounded(value)) \(unit)", 16))\(padded(bound, 18))\(verdict)")
    fflush(nil)
  }

  func fail(_ name: String, _ why: String) {
    print("  could not be measured: \(why)")
    figures.append(Figure(name: name, value: .infinity, unit: "", target: 0))
  }

  /// `gvt-vnc serve` in a process of its own, for as long as `body` runs.
  func serving(_ spec: String, _ options: [String] = [], _ body: (ServedDisplay) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let display = try ServedDisplay(spec, options, program: server, in: folder)
    defer { display.end() }
    try body(display)
    guard display.program.isRunning else {
      throw TestFailure("the server ended: \(display.program.errors.suffix(1000))")
    }
  }

  var json: String {
    let rows = figures.map { figure in
      let value = figure.value.isFinite ? "\(figure.value)" : "null"
      let target = figure.target.map { "\($0)" } ?? "null"
      return
        "  {\"name\": \"\(figure.name)\", \"value\": \(value), \"unit\": \"\(figure.unit)\", \"target\": \(target), "
        + "\"atLeast\": \(figure.isFloor), \"met\": \(figure.isMet)}"
    }
    return "[\n" + rows.joined(separator: ",\n") + "\n]\n"
  }
}

/// Three significant digits.
func rounded(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  let scale = pow(10, 2 - floor(log10(abs(value))))
  let result = (value * scale).rounded() / scale
  return result == result.rounded() ? "\(Int(result))" : "\(result)"
}

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}
