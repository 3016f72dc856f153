// Fuzz target: the command lines of other users' processes, which /proc shows as they are.
import Fuzzing

@testable import GVTCore

@main enum FuzzHost {
  static func main() {
    fuzz { bytes in
      let words = QEMUProcess.words(Array(bytes))
      precondition(!words.isEmpty, "a command line has a program")
      let line = QEMUCommandLine(words)
      for uuid in line.mdevs { precondition(UUIDText.parse(uuid) == uuid, "\(uuid) names no device") }
      precondition(line == QEMUCommandLine(words), "the same words say the same")
    }
  }
}
