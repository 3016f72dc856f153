// Programs that a test starts: their output goes to files, and every one is ended, whatever becomes of the test.
package import Glibc
import Synchronization

package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Process ids that are ours to end when the test process exits without having done so.
private let livePrograms = Mutex<[pid_t: Int32]>([:])
private let endAllAtExit: Void = {
  atexit { for (pid, lastSignal) in livePrograms.withLock({ $0 }) { kill(pid, lastSignal) } }
}()

package final class RunningProgram {
  package let pid: pid_t
  package let name: String
  private let outputPath: String
  private let errorPath: String
  private var status: Int32?

  /// Starts `program` (a path, or a name looked up in PATH) with its output and errors in files of `folder`. Should this
  /// process exit before it, it is sent `lastSignal`.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], lastSignal: Int32 = SIGKILL,
    in folder: TemporaryFolder
  ) throws {
    _ = endAllAtExit
    name = String(program.split(separator: "/").last ?? "program")
    let number = folder.nextNumber()
    outputPath = folder.path("\(number)-\(name).out")
    errorPath = folder.path("\(number)-\(name).err")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = Self.environment(with: environment).map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    // Threads of libdispatch, on which tests run, block all signals; a child would inherit that and ignore SIGTERM.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var child: pid_t = 0
    let code = posix_spawnp(&child, program, &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw TestFailure("cannot start \(program): \(String(cString: strerror(code)))") }
    pid = child
    livePrograms.withLock { $0[child] = lastSignal }
  }

  deinit { end() }

  private static func environment(with changes: [String: String]) -> [String] {
    var kept: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if !changes.keys.contains(where: { text.hasPrefix($0 + "=") }) { kept.append(text) }
      next += 1
    }
    return kept + changes.map { "\($0.key)=\($0.value)" }
  }

  package var output: String { readText(outputPath) }
  package var errors: String { readText(errorPath) }

  /// The exit status (128 + signal number for a death by signal), or nil while it runs.
  package var exitStatus: Int32? {
    if let status { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    let signal = raw & 0x7f
    let result = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
    status = result
    livePrograms.withLock { _ = $0.removeValue(forKey: pid) }
    return result
  }

  package var isRunning: Bool { exitStatus == nil }

  /// Sends a signal, unless the program is gone (its id may then be somebody else's).
  package func signal(_ number: Int32) {
    if isRunning { kill(pid, number) }
  }

  package func end() {
    guard isRunning else { return }
    kill(pid, SIGTERM)
    if !poll(for: 3, until: { !isRunning }) { kill(pid, SIGKILL) }
    _ = poll(for: 5, until: { !isRunning })
  }

  package func waitForExit(within seconds: Double) throws -> Int32 {
    guard poll(for: seconds, until: { !isRunning }), let exitStatus else {
      throw TestFailure("\(name) still runs after \(seconds) s; it said: \(errors.suffix(2000))")
    }
    return exitStatus
  }

  /// The rest of the `number`th line of standard output that begins with `prefix`, counted from 0.
  package func waitForLine(_ prefix: String, number: Int = 0, within seconds: Double = 20) throws -> String {
    var found: Substring?
    _ = poll(for: seconds) {
      let complete = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      found = complete.filter { $0.hasPrefix(prefix) }.dropFirst(number).first?.dropFirst(prefix.count)
      return found != nil || !isRunning
    }
    if let found { return String(found) }
    throw TestFailure(
      "\(name) did not print '\(prefix)' in \(seconds) s (status \(String(describing: exitStatus))): "
        + "\(output.suffix(1000)) \(errors.suffix(2000))")
  }
}

/// Runs a program to its end and returns its status and what it printed.
@discardableResult
package func runToEnd(
  _ program: String, _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 60
) throws -> (status: Int32, output: String, errors: String) {
  let folder = try TemporaryFolder()
  let running = try RunningProgram(program, arguments, environment: environment, in: folder)
  defer { running.end() }
  let status = try running.waitForExit(within: seconds)
  return (status, running.output, running.errors)
}

/// Asks `condition` every 10 ms until it holds, for at most `seconds`.
package func poll(for seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
  let end = secondsNow() + seconds
  while try !condition() {
    if secondsNow() > end { return false }
    usleep(10_000)
  }
  return true
}

/// Seconds of the monotonic clock.
package func secondsNow() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// A file's bytes; empty if it cannot be read.
package func readBytes(_ path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return [] }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
  return bytes
}

package func readText(_ path: String) -> String { String(decoding: readBytes(path), as: UTF8.self) }

package func writeBytes(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
  guard descriptor >= 0 else { throw TestFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
  defer { close(descriptor) }
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw TestFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
    rest = rest.dropFirst(count)
  }
}
