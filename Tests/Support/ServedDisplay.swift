// The program under test, started as a person would start it.
import Glibc

package enum Project {
  /// The package's folder: three up from this file.
  package static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

  /// The built `gvt-vnc`, beside the test bundle; GVT_VNC names another.
  package static let program: String = {
    if let path = getenv("GVT_VNC") { return String(cString: path) }
    var own = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &own, own.count - 1)
    let text = String(decoding: own.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/gvt-vnc"
  }()

  package static func has(_ tools: String...) -> Bool {
    tools.allSatisfy { tool in
      tool.hasPrefix("/")
        ? access(tool, X_OK) == 0
        : (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").contains {
          access("\($0)/\(tool)", X_OK) == 0
        }
    }
  }

  package static let vncdotool = root + "/.cache/venv/bin/vncdo"
}

package final class ServedDisplay {
  package let program: RunningProgram
  package let addresses: [ServerAddress]
  package var address: ServerAddress { addresses[0] }

  /// `gvt-vnc serve SPEC` on a free port of loopback, ready for viewers.
  package init(
    _ spec: String, _ options: [String] = [], listeners: [String] = ["127.0.0.1:0"],
    program path: String = Project.program, environment: [String: String] = [:], in folder: TemporaryFolder
  ) throws {
    let program = try RunningProgram(
      path, ["serve", spec] + listeners.flatMap { ["--listen", $0] } + options, environment: environment, in: folder)
    self.program = program
    do {
      addresses = try listeners.indices.map { index in
        try ServerAddress(try program.waitForLine("ready rfb ", number: index, within: 30))
      }
    } catch {
      program.end()
      throw error
    }
  }

  package func end() { program.end() }
}

/// Runs `body` with a server and ends it afterwards; what the server logged is part of any failure.
package func serving<Result>(
  _ spec: String, _ options: [String] = [], listeners: [String] = ["127.0.0.1:0"],
  _ body: (ServedDisplay, TemporaryFolder) throws -> Result
) throws -> Result {
  let folder = try TemporaryFolder()
  let server = try ServedDisplay(spec, options, listeners: listeners, in: folder)
  defer { server.end() }
  do {
    let result = try body(server, folder)
    guard server.program.isRunning else { throw TestFailure("the server ended during the test") }
    return result
  } catch {
    throw TestFailure(
      "\(error)\nserver, status \(String(describing: server.program.exitStatus)): \(server.program.errors.suffix(3000))"
    )
  }
}

/// The same with a SPEC that names files in the test's folder.
package func serving<Result>(
  inFolder spec: (TemporaryFolder) throws -> String, _ options: [String] = [],
  _ body: (ServedDisplay, TemporaryFolder) throws -> Result
) throws -> Result {
  let folder = try TemporaryFolder()
  let text = try spec(folder)
  return try serving(text, options) { display, _ in try body(display, folder) }
}
