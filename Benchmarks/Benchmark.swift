// The figures that the project promises, measured in one run on one machine.
import Glibc
import TestSupport

@main
struct Benchmark {
  static let measurements: [(name: String, run: @Sendable (inout Report) throws -> Void)] = [
    ("compare", measureCompare), ("photo", measurePhoto), ("text", measureText), ("video", measureVideo),
    ("stuck", measureStuck), ("neighbour", measureNeighbour), ("idle", measureIdle), ("latency", measureLatency),
    ("seven", measureSeven), ("registers", measureRegisters), ("guest", measureGuest), ("kernel", measureKernel),
  ]

  static func main() throws {
    var names: [String] = []
    var json: String?
    var arguments = Array(CommandLine.arguments.dropFirst())
    while let argument = arguments.popFirst() {
      switch argument {
      case "--json": json = arguments.popFirst()
      case "--server": if let path = arguments.popFirst() { setenv("GVT_VNC", absolute(path), 1) }
      default: names.append(argument)
      }
    }
    let known = measurements.map(\.name)
    if let unknown = names.first(where: { !known.contains($0) }) {
      print("usage: gvt-vnc-bench [--server PROGRAM] [--json FILE] [\(known.joined(separator: " | "))]...")
      print("\(unknown) is not one of them")
      exit(64)
    }
    var report = Report()
    for (name, run) in measurements where names.isEmpty || names.contains(name) {
      do { try run(&report) } catch { report.fail(name, because: "\(error)") }
    }
    report.printTable()
    if let json { try report.write(to: json) }
    exit(report.isPassed ? 0 : 1)
  }

  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension Array {
  fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
