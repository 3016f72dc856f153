// Fuzz target: a VMM's messages, as a raw stream and as requests that are nearly right.
import Fuzzing
import VGPUTesting

@main enum FuzzVFIOUser {
  static func main() {
    fuzz { bytes in
      do {
        try exerciseClientSession(bytes: bytes)
      } catch {
        fatalError("there is no function to fuzz: \(error)")
      }
    }
  }
}
