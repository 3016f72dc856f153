// Where configuration and the control socket are.
import Foundation
import GVTCore

/// The places that a daemon and the commands that speak to it agree on.
struct Places: Equatable, Sendable {
  let configuration: String
  let socket: String
  /// Where vGPUs are accounted.
  let run: String
  /// Where running displays have their own sockets.
  var displays: String { run + "/displays" }

  /// Root's configuration is the machine's; anybody else has their own. A folder that was named carries its own
  /// socket, so that daemons of different folders never meet.
  init(
    config: String? = nil, socket: String? = nil, user: UInt32 = geteuid(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let isRoot = user == 0
    let home = environment["XDG_CONFIG_HOME"] ?? (environment["HOME"] ?? "/") + "/.config"
    configuration = config.map(absolutePath) ?? (isRoot ? "/etc/gvt-vnc" : home + "/gvt-vnc")
    run = RunFolder.path(user: user, environment: environment)
    let folder = config.map(absolutePath) ?? run
    self.socket = socket.map(absolutePath) ?? folder + "/control.sock"
  }
}
