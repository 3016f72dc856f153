// The time of day, for clocks that people read.
import Glibc

/// Hours, minutes and seconds in the machine's time zone.
package struct WallTime: Equatable, Sendable, CustomStringConvertible {
  package var hour: Int
  package var minute: Int
  package var second: Int

  package init(hour: Int, minute: Int, second: Int) {
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  package static var now: WallTime {
    var seconds = time(nil)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    return unsafe WallTime(hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }

  /// Seconds since 1970, for what outlives a process.
  package static var unixSeconds: Int64 { Int64(time(nil)) }

  /// `09:05:00`.
  package var description: String {
    [hour, minute, second].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
