// Which process listens at a TCP port: proc(5), net/tcp and the descriptors of processes that we may look at.
import Foundation
import GVTCore

/// A process that listens at a port: a display of ours by its name, another program by its own.
struct PortOwner: Equatable, CustomStringConvertible {
  let process: Int32
  let program: String
  /// The title of the display that it serves, or its SPEC; nil if it is no `gvt-vnc serve`.
  let display: String?

  var description: String {
    (display.map { "the display \"\($0)\"" } ?? program) + " (process \(process))"
  }

  func isDisplay(title: String) -> Bool { display == title }

  /// Who listens at `port`; nil if nobody does or if we may not see.
  static func find(port: Int, proc: String = "/proc") -> PortOwner? {
    let inodes = ["tcp", "tcp6"].flatMap { table in
      text(proc + "/net/" + table).map { listeners(in: $0, port: port) } ?? []
    }
    guard !inodes.isEmpty else { return nil }
    let wanted = Set(inodes.map { "socket:[\($0)]" })
    let processes = ((try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? []).compactMap(Int32.init)
    for process in processes.sorted() {
      let folder = "\(proc)/\(process)/fd"
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      if files.contains(where: { Files.linkTarget(folder + "/" + $0).map(wanted.contains) ?? false }) {
        return PortOwner(process: process, commandLine: text("\(proc)/\(process)/cmdline") ?? "")
      }
    }
    return nil
  }

  /// The inodes of sockets that listen at `port`, from the lines of /proc/net/tcp.
  static func listeners(in table: String, port: Int) -> [String] {
    let digits = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    return table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      // Fields: number, local address, remote address, state (0A listens), queues, timer, retransmits, user, time-out, inode.
      guard fields.count > 9, fields[3] == "0A", fields[1].hasSuffix(suffix) else { return nil }
      return String(fields[9])
    }
  }

  /// `commandLine` is /proc/PID/cmdline: words that end in zero bytes.
  init(process: Int32, commandLine: String) {
    self.process = process
    let words = commandLine.split(separator: "\0").map(String.init)
    program = words.first?.split(separator: "/").last.map(String.init) ?? "another program"
    let name = words.firstIndex(of: "--name").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    display = words.count > 2 && words[1] == "serve" ? name ?? words[2] : nil
  }

  private static func text(_ path: String) -> String? {
    (try? Files.read(path, limit: 1 << 22)).map { String(decoding: $0, as: UTF8.self) }
  }
}
