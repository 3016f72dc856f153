// A folder of a test's own, removed with the test.
import Glibc
import Synchronization

package final class TemporaryFolder: Sendable {
  package let path: String
  private let numbers = Mutex(0)

  package init() throws {
    var template = Array("/tmp/gvt-vnc-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw TestFailure("cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
    }
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit { removeTree(path) }

  package func path(_ name: String) -> String { "\(path)/\(name)" }

  package func nextNumber() -> Int {
    numbers.withLock {
      $0 += 1
      return $0
    }
  }

  /// Writes a text file and returns its path.
  package func file(_ name: String, _ text: String) throws -> String {
    try writeBytes(Array(text.utf8), to: path(name))
    return path(name)
  }
}

private func removeTree(_ path: String) {
  if let folder = opendir(path) {
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      if entry.pointee.d_type == DT_DIR { removeTree("\(path)/\(name)") } else { unlink("\(path)/\(name)") }
    }
    closedir(folder)
  }
  rmdir(path)
}
