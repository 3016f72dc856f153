// libvncserver's log lines, into ours: it is chatty, so they are debug lines.
import CVNCServer
import GVTCore
import Logging

enum LibraryLog {
  private static let logger = Locked<Logger?>(nil)

  /// libvncserver has one log per process; the last display to start gets it.
  static func install(_ logger: Logger) {
    self.logger.withLock { $0 = logger }
    unsafe gvt_rfb_set_log_sink(onLine)
  }

  fileprivate static func write(_ line: String, isError: Bool) {
    logger.withLock { $0 }?.debug("libvncserver: \(line)", metadata: isError ? ["kind": "error"] : nil)
  }
}

@c private func onLine(_ isError: Int32, _ line: UnsafePointer<CChar>?) {
  guard let line = unsafe line else { return }
  LibraryLog.write(unsafe String(cString: line), isError: isError != 0)
}
