// What a running vGPU's lock file says of it.

/// One vGPU that some process keeps.
package struct InstanceRecord: Codable, Equatable, Sendable {
  /// What commands call it: the display's name, or that of the socket's file.
  package var name: String
  /// The type by name.
  package var type: String
  /// The platform by name.
  package var platform: String
  package var process: Int32
  /// Where a VMM attaches it.
  package var socket: String
  /// Seconds since 1970.
  package var started: Int64
  /// The process's control socket for this vGPU.
  package var control: String

  package init(
    name: String, type: InstanceType, platform: Platform, process: Int32, socket: String, started: Int64,
    control: String = ""
  ) {
    self.name = name
    self.type = type.name
    self.platform = platform.name
    self.process = process
    self.socket = socket
    self.started = started
    self.control = control
  }
}
