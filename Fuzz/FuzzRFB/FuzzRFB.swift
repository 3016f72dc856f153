// Fuzz target: what a viewer sends, from its first byte on.
import Fuzzing
import GVTDisplay

@main enum FuzzRFB {
  static func main() {
    fuzz { bytes in
      let outcome = ViewerBytes.exercise(bytes)
      precondition(outcome.mostWaiting <= bytes.count, "a decoder keeps no more than it was given")
    }
  }
}
