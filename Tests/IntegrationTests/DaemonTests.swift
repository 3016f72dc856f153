// The daemon as an administrator meets it: enable, list, disable, crashes, restarts, wrong files, taken ports.
import Foundation
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite(.serialized) struct DaemonTests {
    let picture = Picture.mixed(width: 160, height: 120)

    @Test func `displays are enabled before and while the daemon runs, and listed, pictured and disabled`() throws {
      let host = try DaemonHost()
      let spec = try picture.plane(in: host.folder)
      let first = try host.enable("one", spec)
      #expect(try host.state("one").hasPrefix("stopped: the daemon does not run"))
      try host.start()
      let second = try host.enable("two", spec)
      #expect(first != second)
      for name in ["one", "two"] { try host.waitForState(name, "running") }
      for port in [first, second] { #expect(try host.viewer(port).wholePicture() == picture) }
      #expect(try host.run(["screenshot", "two", "-o", host.folder.path("two.png")]).status == 0)
      #expect(try Picture(file: host.folder.path("two.png")) == picture)
      #expect(try host.run(["disable", "one"]).status == 0)
      #expect(poll(for: 5) { (try? host.viewer(first)) == nil })
      #expect(try host.viewer(second).wholePicture() == picture)
      #expect(try !host.run(["list"]).output.contains("one "))
    }

    @Test func `a killed display is back within three seconds and its neighbour's viewer notices nothing`() throws {
      let host = try DaemonHost()
      let spec = try picture.plane(in: host.folder)
      let secret = try host.folder.file("secret", "Secret12\n")
      let look = try host.folder.file("look", "lookonly\n")
      let first = try host.enable("one", spec, ["--password-file", secret, "--view-only-password-file", look])
      let second = try host.enable("two", spec, ["--view-only"])
      try host.start()
      try host.waitForState("one", "running")
      try host.waitForState("two", "running")
      let witness = try host.viewer(second)
      let victim = try host.entry("one")
      let id = try #require(victim["process"] as? Int)
      kill(pid_t(id), SIGKILL)
      let began = secondsNow()
      #expect(poll(for: 3) { (try? host.viewer(first, password: "lookonly")) != nil })
      #expect(secondsNow() - began < 3)
      #expect(try witness.wholePicture() == picture)
      try host.waitForState("one", "running (restarted 1x, last: killed by signal 9 (Killed))")
      #expect(throws: TestFailure.self) { try host.viewer(first, password: "wrong") }
      let arguments = String(
        decoding: readBytes("/proc/\(try host.entry("one")["process"] ?? 0)/cmdline"), as: UTF8.self)
      #expect(arguments.contains("serve") && !arguments.contains("Secret12"))
    }

    @Test func `SIGTERM ends the daemon and its displays, and a killed daemon leaves none behind`() throws {
      let host = try DaemonHost()
      let spec = try picture.plane(in: host.folder)
      let port = try host.enable("one", spec)
      for (signal, status) in [(SIGTERM, Int32(0)), (SIGKILL, 128 + SIGKILL)] {
        let daemon = try host.start()
        try host.waitForState("one", "running")
        let id = try #require(try host.entry("one")["process"] as? Int)
        daemon.signal(signal)
        #expect(try daemon.waitForExit(within: 10) == status)
        #expect(poll(for: 6) { kill(pid_t(id), 0) != 0 })
        #expect((try? host.viewer(port)) == nil)
      }
      try host.start()
      try host.waitForState("one", "running")
      #expect(try host.viewer(port).wholePicture() == picture)
    }

    @Test func `a file that becomes wrong leaves its display as it was and says which line`() throws {
      let host = try DaemonHost()
      let port = try host.enable("one", try picture.plane(in: host.folder))
      try host.start()
      try host.waitForState("one", "running")
      let file = host.folder.path("config/displays/one.yaml")
      let good = readBytes(file)
      try writeBytes(good + Array("max-viewers: many\n".utf8), to: file)
      #expect(poll(for: 5) { (try? host.state("one").contains("one.yaml:4: max-viewers: must be")) ?? false })
      #expect(try host.viewer(port).wholePicture() == picture)
      try writeBytes(good + Array("max-viewers: 1\n".utf8), to: file)
      #expect(poll(for: 5) { (try? host.state("one")) == "running" })
      try writeBytes(Array("source: [".utf8), to: host.folder.path("config/displays/two.yaml"))
      #expect(poll(for: 5) { (try? host.state("two").hasPrefix("failed: ")) ?? false })
    }

    @Test func `a taken port is told with the display that has it, and served once it is free`() throws {
      let host = try DaemonHost()
      let spec = try picture.plane(in: host.folder)
      let other = try ServedDisplay(spec, ["--name", "Office"], in: host.folder)
      guard case .tcp(let port) = other.address else { return }
      _ = try host.enable("one", spec, ["--port", "\(port)"])
      let refused = try host.run(["enable", "two", spec, "--port", "\(port)"])
      #expect(refused.status == 69)
      #expect(refused.errors.contains("taken by the display one"))
      try host.start()
      #expect(
        poll(for: 5) { (try? host.state("one").contains("port \(port) is taken by the display \"Office\"")) ?? false })
      other.end()
      #expect(poll(for: 10) { (try? host.state("one").hasPrefix("running")) ?? false })
    }

    @Test func `two daemons of one folder do not meet, and a control socket answers nonsense politely`() throws {
      let host = try DaemonHost()
      try host.start()
      let second = try host.run(["daemon"])
      #expect(second.status == 69)
      #expect(second.errors.contains("another daemon runs already"))
      let control = try Connection(to: .unix(path: host.folder.path("config/control.sock")))
      for line in [
        "nonsense", "{\"command\":\"dance\"}", "{\"command\":\"status\"}", "{\"command\":\"status\",\"name\":\"x\"}",
      ] {
        try control.write(Array((line + "\n").utf8))
        var answer: [UInt8] = []
        while answer.last != 10 { answer.append(try control.byte()) }
        #expect(String(decoding: answer, as: UTF8.self).contains("\"failure\""))
      }
      try? control.write(Array(repeating: 65, count: 1 << 20))
      #expect(try host.run(["list"]).status == 0)
    }
  }
}

/// A configuration folder of a test's own, and the daemon that serves it.
private final class DaemonHost {
  let folder: TemporaryFolder
  private var daemon: RunningProgram?
  private var config: [String] { ["--config", folder.path("config")] }

  init() throws { folder = try TemporaryFolder() }

  deinit { daemon?.end() }

  @discardableResult
  func start() throws -> RunningProgram {
    let daemon = try RunningProgram(Project.program, ["daemon"] + config, in: folder)
    self.daemon = daemon
    guard poll(for: 10, until: { (try? list()["isDaemonRunning"] as? Bool) == true }) else {
      throw TestFailure("the daemon does not answer: \(daemon.errors)")
    }
    return daemon
  }

  func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    try runToEnd(Project.program, arguments + config, within: 20)
  }

  /// Enables a display and returns the port that it was given.
  func enable(_ name: String, _ spec: String, _ options: [String] = []) throws -> Int {
    let result = try run(["enable", name, spec] + options)
    guard result.status == 0,
      let port = result.output.split(whereSeparator: { $0 == ":" || $0 == "\n" }).last.flatMap({ Int($0) })
    else { throw TestFailure("enable \(name): \(result)") }
    return port
  }

  func viewer(_ port: Int, password: String? = nil) throws -> RFBTestClient {
    try RFBTestClient(try ServerAddress("127.0.0.1:\(port)"), .init(Encoding.raw, password: password))
  }

  func entry(_ name: String) throws -> [String: Any] {
    let displays = try list()["displays"] as? [[String: Any]] ?? []
    guard let entry = displays.first(where: { $0["name"] as? String == name }) else {
      throw TestFailure("\(name) is not listed")
    }
    return entry
  }

  /// What the table shows in its last column.
  func state(_ name: String) throws -> String {
    let result = try run(["status", name])
    let line = result.output.split(separator: "\n").first { $0.hasPrefix("State") } ?? ""
    return line.dropFirst(5).trimmingCharacters(in: .whitespaces)
  }

  func waitForState(_ name: String, _ state: String) throws {
    var last = ""
    let isReached = try poll(for: 10) {
      last = try self.state(name)
      return last == state
    }
    if !isReached { throw TestFailure("\(name) is \"\(last)\", not \"\(state)\"") }
  }

  private func list() throws -> [String: Any] {
    let result = try run(["list", "--json"])
    return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
  }
}
