// VMs with a vGPU that are moved, saved and restored, with a viewer looking on: a stock kernel in QEMU 11.
import Foundation
import GVTCore
import GVTDisplay
import TestSupport
import Testing

/// A display and the VM that it shows.
private final class MovingStage {
  let folder: TemporaryFolder
  let place: MovingMachine.Place
  private(set) var display: ServedDisplay
  private var environment: [String: String] { ["GVT_VNC_RUN": folder.path("run")] }

  init() throws {
    folder = try TemporaryFolder()
    place = try MovingMachine.Place()
    display = try Self.serve(place, folder)
  }

  deinit {
    display.end()
    try? FileManager.default.removeItem(atPath: place.outside)
  }

  private static func serve(_ place: MovingMachine.Place, _ folder: TemporaryFolder) throws -> ServedDisplay {
    let socket = place.outside + "/vm1"
    try? FileManager.default.removeItem(atPath: socket)
    let display = try ServedDisplay(
      "vgpu:\(socket)?size=1024x768&qmp=\(place.outside)/one.qmp", ["--name", "vm1"],
      environment: ["GVT_VNC_RUN": folder.path("run")], in: folder)
    guard poll(for: 10, until: { FileManager.default.fileExists(atPath: socket) }) else {
      throw TestFailure("the vGPU does not listen")
    }
    return display
  }

  /// `kill -9`, and another one.
  func replaceDisplay() throws {
    display.program.signal(SIGKILL)
    _ = try display.program.waitForExit(within: 10)
    display = try Self.serve(place, folder)
  }

  func machine(_ name: String, _ shape: MovingMachine.Shape) throws -> MovingMachine {
    try MovingMachine(name, at: place, shape, in: folder)
  }

  func begin(_ arguments: String...) throws -> RunningProgram {
    try RunningProgram(Project.program, arguments, environment: environment, in: folder)
  }

  /// Runs a command that must succeed, and gives what it said.
  @discardableResult
  func run(_ arguments: String...) throws -> String {
    let result = try runToEnd(Project.program, arguments, environment: environment, within: 120)
    guard result.status == 0 else { throw TestFailure("\(arguments): \(result.errors)\n\(display.program.errors)") }
    return result.output
  }

  /// Runs a command that must fail, and gives its sentence.
  func fail(_ arguments: String...) throws -> String {
    let result = try runToEnd(Project.program, arguments, environment: environment, within: 120)
    #expect(result.status != 0)
    return result.errors
  }
}

extension RealPeers {
  @Suite(
    .tags(.peer),
    .enabled(
      if: MovingMachine.isPossible,
      "there is no QEMU 11 or no guest (Tests/Rig/qemu11-chroot.sh, Tests/Rig/guest-image.sh 6.1)"))
  struct MigrationTests {
    @Test func `a VM is moved live, saved, and restored after everything was killed`() throws {
      let stage = try MovingStage()
      let one = try stage.machine("one", .init())
      try one.boot()
      let viewer = try RFBTestClient(
        stage.display.address, .init(Encoding.tight, Encoding.extendedDesktopSize))
      try one.paint(.blue)
      try viewer.follow(.blue)

      // A QEMU that is no destination leaves the source alone.
      let refused = try stage.fail("migrate", "vm1", "--to", stage.place.outside + "/two.qmp")
      #expect(refused.contains("there is no QEMU at"))
      let two = try stage.machine("two", .init(vgpu: "vm1.next", isWaiting: true))
      let said = try stage.run("migrate", "vm1", "--to", two.qmp)
      #expect(said.contains("the VM runs at the destination"))
      #expect(poll(for: 10) { !one.isRunning })
      // Nobody has drawn anything: it is the same picture, and the viewer the same viewer.
      try viewer.follow(.blue)
      try two.paint(.green)
      try viewer.follow(.green)
      try checkInterrupts(of: two)

      let (state, memory) = (stage.folder.path("vgpu.state"), stage.folder.path("vm.state"))
      try stage.run("vgpu", "save", "vm1", state, "--vm", memory)
      #expect(try Files.read(state, limit: 1 << 20).count < 100_000)
      try two.kill()
      try stage.replaceDisplay()
      let again = try RFBTestClient(
        stage.display.address, .init(Encoding.tight, Encoding.extendedDesktopSize))
      let three = try stage.machine("one", .init(isWaiting: true))
      #expect(try stage.fail("vgpu", "restore", "vm1", "/etc/hostname").contains("this is not a snapshot of a vGPU"))
      try stage.run("vgpu", "restore", "vm1", state, "--vm", memory)
      try again.follow(.green)
      try three.paint(.red)
      try again.follow(.red)
      try checkInterrupts(of: three)
    }

    @Test func `a VM is moved unplugged and then asleep, and its viewer sees why there is no picture`() throws {
      let stage = try MovingStage()
      let one = try stage.machine("one", .init(isPluggable: true))
      try one.boot()
      let viewer = try RFBTestClient(
        stage.display.address, .init(Encoding.tight, Encoding.extendedDesktopSize))
      try one.paint(.blue)
      try viewer.follow(.blue)

      let two = try stage.machine("two", .init(vgpu: nil, isPluggable: true, isWaiting: true))
      let said = try stage.run(
        "migrate", "vm1", "--to", two.qmp, "--method", "replug", "--vgpu-socket", stage.place.inside + "/vm1")
      #expect(said.contains("the display is back"))
      #expect(poll(for: 10) { !one.isRunning })
      try two.paint(.green)
      try viewer.follow(.green)

      // Not the other way round: after S3 the guest does not hear that it shall let go of a device.
      let three = try stage.machine("one", .init(vgpu: "vm1.next", isPluggable: true, isWaiting: true))
      let moving = try stage.begin("migrate", "vm1", "--to", three.qmp, "--method", "suspend")
      _ = try moving.waitForLine("pressing the guest's sleep key")
      try viewer.follow { $0.picture.colours > 8 }
      try two.begin("sleep 1; echo mem >/sys/power/state")
      #expect(try moving.waitForExit(within: 90) == 0, "\(moving.errors)")
      #expect(moving.output.contains("the display is back"))
      try viewer.follow(.green)
      try three.paint(.red)
      try viewer.follow(.red)
      try checkInterrupts(of: three)
    }

    /// A console that is blanked and lit again waits for vblanks; a driver whose interrupts are lost says so.
    private func checkInterrupts(of machine: MovingMachine) throws {
      func count() throws -> Int {
        let line = try machine.run("grep i915 /proc/interrupts").split(separator: "\n").first { $0.contains("i915") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      }
      let before = try count()
      try machine.run("echo 1 >/sys/class/graphics/fb0/blank; echo 0 >/sys/class/graphics/fb0/blank")
      #expect(try count() > before)
      let complaints = try machine.run(#"dmesg | grep -E "\*ERROR\*|WARN|timed out" | tail -n 5"#)
      #expect(!complaints.contains("ERROR") && !complaints.contains("WARN"), "\(complaints)")
    }
  }
}
