// A display's own control socket, which `info`, `detach` and `attach` talk to.
import Foundation
import GVTCore
import GVTDisplay
import Logging

/// Takes orders for the display of this process, beside it: the display's thread only answers.
final class DisplayControl {
  private let server: LineServer

  /// Listens in `folder`, under this process's number; whatever was there under that number is of a process that is gone.
  init(of display: DisplayServer, named name: String, in folder: String, on loop: EventLoop) throws(SystemFailure) {
    try Files.createFolder(folder, mode: 0o755)
    server = try LineServer(at: Self.path(of: getpid(), in: folder), on: loop) { channel, line in
      channel.send(JSONLine.encode(Self.answer(line, from: display, named: name)))
    }
  }

  static func path(of process: Int32, in folder: String) -> String { "\(folder)/\(process).sock" }

  /// Takes the socket away.
  func stop() { server.stop() }

  private static func answer(_ line: String, from display: DisplayServer, named name: String) -> DisplayReply {
    guard let request: DisplayRequest = JSONLine.decode(line), let verb = DisplayVerb(rawValue: request.verb) else {
      let known = DisplayVerb.allCases.map(\.rawValue).joined(separator: ", ")
      return DisplayReply(failure: CommandFailure(.badData, "a request has a \"verb\", one of \(known)"))
    }
    switch verb {
    case .info: return info(of: display, named: name)
    case .detach: return setAttached(false, display, named: name)
    case .attach: return setAttached(true, display, named: name)
    }
  }

  private static func info(of display: DisplayServer, named name: String) -> DisplayReply {
    guard let report = display.report(), let planes = display.planes() else { return busy(name) }
    return DisplayReply(info: DisplayInfo(name: name, process: getpid(), report: report, planes: planes))
  }

  private static func setAttached(_ isAttached: Bool, _ display: DisplayServer, named name: String) -> DisplayReply {
    switch display.setAttached(isAttached) {
    case nil: busy(name)
    case true?: DisplayReply()
    case false?:
      DisplayReply(
        failure: CommandFailure(
          .unavailable, "\(name) holds nothing of a VM that it could let go of; vfio: and drm: displays do"))
    }
  }

  private static func busy(_ name: String) -> DisplayReply {
    DisplayReply(failure: CommandFailure(.unavailable, "\(name) is too busy to answer"))
  }
}
