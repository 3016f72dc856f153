// Fuzz target: a snapshot file, its checksum mended or not, and a guest that goes on from what it says.
import Fuzzing
import GVTCore

@main enum FuzzSnapshot {
  static func main() {
    fuzz { bytes in
      // What comes after the file is what the guest does then.
      let cut = bytes.count - bytes.count / 8
      exercise(Array(bytes.prefix(cut)), guest: Array(bytes.suffix(bytes.count / 8)))
    }
  }

  private static func exercise(_ file: [UInt8], guest: [UInt8]) {
    do {
      let type = try InstanceType(named: "i915-GVTg_V5_8")
      let snapshot = try Snapshot(file.count < 4 ? file : seal(file))
      let state = try VirtualGPU.State(snapshot, for: VirtualGPUConfiguration(type: type))
      var again = Snapshot()
      state.store(in: &again)
      let copy = try VirtualGPU.State(Snapshot(again.bytes), for: VirtualGPUConfiguration(type: type))
      precondition(copy == state, "what is written is what was read")
      let clock = ManualClock()
      var gpu = try makeExercisedVirtualGPU(clock: clock, restoring: state)
      var operations = GuestOperations(bytes: guest)
      while operations.perform(on: &gpu, clock) != nil {}
    } catch is SnapshotFailure {
    } catch {
      fatalError("there is no vGPU to fuzz: \(error)")
    }
  }
}
