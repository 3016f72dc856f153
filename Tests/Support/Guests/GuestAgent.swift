// Commands for a guest over its second serial port: the other end of agent() in Tests/Rig/guest/init.

package final class GuestAgent {
  private let connection: Connection
  private var number = 0
  private var line: [UInt8] = []

  /// Connects to the port's socket, which QEMU listens on.
  package init(_ path: String, within seconds: Double = 20) throws {
    let end = secondsNow() + seconds
    while true {
      do {
        connection = try Connection(to: .unix(path: path))
        return
      } catch { guard secondsNow() < end else { throw error } }
      _ = poll(for: 0.05) { false }
    }
  }

  /// Waits until the guest has booted as far as taking commands; again after each reboot.
  package func waitUntilReady(within seconds: Double) throws {
    let end = secondsNow() + seconds
    while try nextLine(until: end) != "[agent ready]" {}
  }

  /// Runs a line of shell in the guest and gives what it printed and its status.
  package func result(of command: String, within seconds: Double = 30) throws -> (status: Int, output: String) {
    let number = try start(command)
    return try result(of: number, command, until: secondsNow() + seconds)
  }

  /// Runs a line of shell that must succeed; its output without surrounding white space.
  @discardableResult
  package func run(_ command: String, within seconds: Double = 30) throws -> String {
    let (status, output) = try result(of: command, within: seconds)
    guard status == 0 else { throw TestFailure("in the guest, '\(command)' gave \(status): \(output)") }
    return output
  }

  /// Begins a line of shell and does not wait for its end; ``finish(_:within:)`` does.
  package func start(_ command: String) throws -> Int {
    number += 1
    try connection.write(Array("\(number) \(command)\n".utf8))
    return number
  }

  /// The output of what ``start(_:)`` began. Commands end in the order in which they were started.
  package func finish(_ number: Int, within seconds: Double = 30) throws -> (status: Int, output: String) {
    try result(of: number, "#\(number)", until: secondsNow() + seconds)
  }

  private func result(of number: Int, _ command: String, until end: Double) throws -> (status: Int, output: String) {
    var lines: [String] = []
    let mark = "[done \(number) "
    while true {
      do {
        let line = try nextLine(until: end)
        if line.hasPrefix(mark), let status = Int(line.dropFirst(mark.count).dropLast()) {
          while lines.last == "" { lines.removeLast() }
          return (status, lines.joined(separator: "\n"))
        }
        lines.append(line)
      } catch {
        throw TestFailure("the guest's answer to '\(command)': \(error); so far: \(lines.suffix(20))")
      }
    }
  }

  private func nextLine(until end: Double) throws -> String {
    while true {
      guard connection.isReadable(within: max(0, end - secondsNow())) else {
        throw TestFailure("nothing came from the guest in time, after '\(String(decoding: line, as: UTF8.self))'")
      }
      let byte = try connection.byte()
      guard byte == 0x0a else {
        line.append(byte)
        continue
      }
      defer { line = [] }
      return String(decoding: line.filter { $0 != 0x0d }, as: UTF8.self)
    }
  }
}
