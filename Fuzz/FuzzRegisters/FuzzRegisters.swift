// Fuzz target: a guest that reads and writes registers and GGTT entries.
import Fuzzing
import VGPUTesting

@main enum FuzzRegisters {
  static func main() {
    fuzz { bytes in
      do {
        try exerciseVirtualGPU(bytes: bytes)
      } catch {
        fatalError("there is no vGPU to fuzz: \(error)")
      }
    }
  }
}
