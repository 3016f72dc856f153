// Finds the displays that run, a daemon's and those served by hand, and asks them.
import Foundation
import GVTCore
import GVTDisplay

/// A display that runs.
struct DisplayClient {
  private static let timeoutSeconds = 5

  let info: DisplayInfo
  private let path: String

  /// All that answer, a daemon's and others of this user, by name.
  static func all(in places: Places) -> [DisplayClient] {
    let folder = places.displays
    let clients = Files.entries(of: folder).compactMap { file -> DisplayClient? in
      guard file.hasSuffix(".sock") else { return nil }
      let path = folder + "/" + file
      guard let info = try? ask(DisplayRequest(.info), at: path, who: "a display").info else { return nil }
      return DisplayClient(info: info, path: path)
    }
    return clients.sorted { ($0.info.name, $0.info.process) < ($1.info.name, $1.info.process) }
  }

  /// The display of that name, or of the process of that number.
  init(named name: String, in places: Places) throws(CommandFailure) {
    let all = Self.all(in: places)
    let found = all.filter { $0.info.name == name || "\($0.info.process)" == name }
    guard let only = found.first else {
      let known = all.map(\.info.name).joined(separator: ", ")
      throw CommandFailure(
        .missingInput,
        "no display called \(name) runs; \(known.isEmpty ? "none does" : "those that run are \(known)")")
    }
    guard found.count == 1 else {
      let processes = found.map { "\($0.info.process)" }.joined(separator: ", ")
      throw CommandFailure(.badData, "several displays are called \(name): name one by its process, \(processes)")
    }
    self = only
  }

  private init(info: DisplayInfo, path: String) {
    self.info = info
    self.path = path
  }

  /// Has the display let go of its VM, or take hold of it again.
  func order(_ verb: DisplayVerb) throws(CommandFailure) {
    _ = try Self.ask(DisplayRequest(verb), at: path, who: info.name)
  }

  private static func ask(
    _ request: DisplayRequest, at path: String, who: String
  ) throws(CommandFailure) -> DisplayReply {
    let line: String
    do throws(SystemFailure) {
      line = try LineClient.ask(JSONLine.encode(request), at: path, timeoutSeconds: timeoutSeconds)
    } catch  where error.code == ECONNREFUSED {
      // Left by a process that was killed.
      try? Files.remove(path)
      throw CommandFailure(.unavailable, "\(who) is gone")
    } catch {
      throw CommandFailure(error, to: "ask \(who)", otherwise: .unavailable)
    }
    guard let reply: DisplayReply = JSONLine.decode(line) else {
      throw CommandFailure(.unavailable, "what listens at \(path) is no display of gvt-vnc")
    }
    if let failure = reply.failure { throw failure.failure }
    return reply
  }
}
