// A QEMU that runs, whose input somebody else has.
import TestSupport
import Testing

extension RealPeers.Kernel {
  @Suite struct RunningMachineTests {
    @Test func `a QMP socket that somebody else uses is left alone, and the display is view-only`() throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = try vm.makeMdev("mbochs-medium")
      let machine = try NestedQEMU("busy", on: uuid, in: vm)
      try machine.start()
      defer { machine.kill() }
      guard poll(for: 30, until: { (try? vm.run("test -S /tmp/busy.qmp").status) == 0 }) else {
        throw TestFailure("no QMP socket: \(machine.errors)")
      }
      // Another client, for as long as this test lasts: a display that was told of the socket.
      let other = try vm.serve("vfio:vm=busy?qmp=/tmp/busy.qmp", "--name first")
      let holder = try other.viewer(.init(Encoding.tight))
      _ = try holder.wholePicture()
      #expect(poll(for: 20) { (try? vm.output(of: "gvt-vnc info first"))?.contains("pointer by QMP") == true })
      let process = try machine.processID()
      let display = try vm.serve("vfio:pid=\(process)", "--name second")
      try display.use { display in
        let viewer = try display.viewer(.init(Encoding.tight))
        _ = try viewer.wholePicture()
        let isToldOf = poll(for: 20) {
          (try? vm.output(of: "gvt-vnc info second"))?.contains("view-only, as /tmp/busy.qmp is in use") == true
        }
        #expect(isToldOf)
      }
      display.end()
      other.end()
      machine.kill()
      try vm.removeMdev(uuid)
    }
  }
}
