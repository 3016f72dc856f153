// Tells systemd how the daemon is doing: sd_notify(3), whose protocol is one datagram.
import Foundation
import GVTCore

enum ServiceNotification {
  /// `state` is lines of KEY=VALUE. Nothing happens outside systemd.
  static func send(_ state: String) {
    guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"] else { return }
    // A service manager that does not listen is no reason to stop serving.
    try? LocalSocket.sendDatagram(state, to: path)
  }
}
