// CPU time and memory of processes and threads.
import Glibc
import TestSupport

/// A process seen through /proc.
struct ProcessMeter {
  let pid: pid_t

  /// Seconds of CPU that its threads have used. Those that have ended are not counted.
  var cpuSeconds: Double {
    threads.reduce(0) { $0 + (Double(Self.firstField("/proc/\(pid)/task/\($1)/schedstat")) ?? 0) / 1e9 }
  }

  /// CPU seconds by thread name, for finding out where the time goes.
  var cpuByThread: [String: Double] {
    var result: [String: Double] = [:]
    for thread in threads {
      let name = readText("/proc/\(pid)/task/\(thread)/comm").filter { $0 != "\n" }
      result[name, default: 0] += (Double(Self.firstField("/proc/\(pid)/task/\(thread)/schedstat")) ?? 0) / 1e9
    }
    return result
  }

  /// Resident memory in MB.
  var residentMB: Double {
    let pages = readText("/proc/\(pid)/statm").split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
  }

  private var threads: [String] {
    guard let folder = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  private static func firstField(_ path: String) -> String {
    String(readText(path).split(separator: " ").first ?? "0")
  }
}

/// CPU seconds of the calling thread.
func threadSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

func sleep(until second: Double) {
  let rest = second - secondsNow()
  if rest > 0 { usleep(UInt32(rest * 1e6)) }
}
