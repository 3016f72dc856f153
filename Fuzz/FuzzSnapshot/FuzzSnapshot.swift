// Fuzz target: a snapshot file with its checksum mended, and a guest that goes on from what it says. The file is the input
// itself, or a good one with some bytes replaced: so it is read to its end whatever the sections look like by now.
import Fuzzing
import GVTCore
import VGPUTesting

@main enum FuzzSnapshot {
  static func main() {
    do {
      let good = try makeSnapshot()
      fuzz { bytes in
        var input = Input(bytes)
        let choices = input.byte()
        let isPatch = choices & 1 == 1
        let guest = (0..<Int(input.byte())).map { _ in input.byte() }
        exercise(
          seal(isPatch ? patched(good, &input) : input.remainder()), guest: guest, writesAgain: choices & 6 == 0)
      }
    } catch {
      fatalError("there is no vGPU to fuzz: \(error)")
    }
  }

  private static func makeConfiguration() throws -> VirtualGPUConfiguration {
    VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_8"))
  }

  /// Of a vGPU in the middle of something.
  private static func makeSnapshot() throws -> [UInt8] {
    let clock = ManualClock()
    var gpu = try makeExercisedVirtualGPU(clock: clock)
    var random = SplitMix(state: 3)
    var operations = GuestOperations(bytes: random.bytes(4000))
    while operations.perform(on: &gpu, clock) != nil {}
    var snapshot = Snapshot()
    gpu.state().store(in: &snapshot)
    return snapshot.bytes
  }

  /// Replaces runs of bytes: where, how many, and what they become.
  private static func patched(_ good: [UInt8], _ input: inout Input) -> [UInt8] {
    var file = good
    while !input.isEmpty {
      let place = (Int(input.byte()) << 8 | Int(input.byte())) % file.count
      for offset in 0...Int(input.byte() & 7) where place + offset < file.count { file[place + offset] = input.byte() }
    }
    return file
  }

  private static func exercise(_ file: [UInt8], guest: [UInt8], writesAgain: Bool) {
    do {
      let configuration = try makeConfiguration()
      let state = try VirtualGPU.State(Snapshot(file), for: configuration)
      if writesAgain {
        var again = Snapshot()
        state.store(in: &again)
        let copy = try VirtualGPU.State(Snapshot(again.bytes), for: configuration)
        precondition(copy == state, "what is written is what was read")
        return
      }
      let clock = ManualClock()
      var gpu = try makeExercisedVirtualGPU(clock: clock, restoring: state)
      var operations = GuestOperations(bytes: guest)
      while operations.perform(on: &gpu, clock) != nil {}
      _ = gpu.state()
    } catch is SnapshotFailure {
    } catch {
      fatalError("there is no vGPU to fuzz: \(error)")
    }
  }
}
