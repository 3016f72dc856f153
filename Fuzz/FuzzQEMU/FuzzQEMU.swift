// Fuzz target: lines of QMP, and calls and signals of QEMU's D-Bus display.
import Fuzzing

@main enum FuzzQEMU {
  static func main() {
    let display = FakeDisplay()
    fuzz { bytes in
      var input = Input(bytes)
      if input.byte() & 1 == 0 { talkQMP(input.remainder()) } else { display.exercise(&input) }
    }
  }
}
