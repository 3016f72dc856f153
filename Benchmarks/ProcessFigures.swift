// What a process has used, from /proc.
import Glibc
import TestSupport

/// CPU seconds of all threads that live, to the nanosecond (field 1 of each thread's schedstat).
///
/// Threads that end take their share with them: servers here keep theirs.
func processorSeconds(of pid: pid_t) -> Double {
  var total = 0.0
  for thread in entries("/proc/\(pid)/task") {
    let fields = readText("/proc/\(pid)/task/\(thread)/schedstat").split(separator: " ")
    total += (fields.first.flatMap { Double($0) } ?? 0) / 1e9
  }
  return total
}

/// Resident memory in MB.
func residentMegabytes(of pid: pid_t) -> Double {
  let line = readText("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
  let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) }
  return (kilobytes ?? 0) / 1024
}

private func entries(_ path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
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

/// CPU seconds of the calling thread.
func threadSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
