// Which TCP port a display gets when nobody says.
import GVTCore
import GVTDisplay

/// The rule: the lowest port from 5900 upwards that no display has been given and that nobody listens at.
enum PortChoice {
  /// Where VNC's port numbers begin (RFC 6143, section 1.1 and IANA).
  static let first = 5900

  static func lowestFree(given: Set<Int>, isFree: (Int) -> Bool = LocalSocket.isFree(port:)) -> Int? {
    (first...65535).first { !given.contains($0) && isFree($0) }
  }
}
