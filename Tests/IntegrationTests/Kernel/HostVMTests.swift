// The host in a VM itself: what the suites beside this one build on.
import TestSupport
import Testing

extension RealPeers.Kernel {
  @Suite struct HostVMTests {
    @Test func `a command's output, errors and exit status come out of the VM`() throws {
      let vm = try RealPeers.Kernel.vm
      let result = try vm.run("echo out; echo err >&2; exit 3")
      #expect(result == (3, "out\n", "err\n"))
      #expect(try vm.run("kill -9 $$").status == 128 + 9)
      #expect(try vm.output(of: "seq 30000").split(separator: "\n").count == 30000)
      try vm.write([0, 1, 0xff], to: "/tmp/bytes")
      #expect(try vm.bytes(of: "/tmp/bytes") == [0, 1, 0xff])
    }

    @Test func `a command that is left alone goes on, and can be ended`() throws {
      let vm = try RealPeers.Kernel.vm
      let command = try vm.start("echo begun; sleep 1000 & read answer; echo got $answer; wait")
      _ = try command.waitForLine("begun")
      try command.write("it\n")
      #expect(try command.waitForLine("got ") == "it")
      #expect(try vm.run("ps | grep -q '[s]leep 1000'").status == 0)
      command.end()
      #expect(try command.wait(within: 10) == 128 + 15)
      #expect(poll(for: 10) { (try? vm.run("ps | grep -q '[s]leep 1000'").status) == 1 })
    }

    @Test func `what is served in the VM is seen out here`() throws {
      let display = try RealPeers.Kernel.vm.serve("vgpu:/tmp/nobody")
      let viewer = try display.viewer(.init(Encoding.tight))
      // A card says that no VM has come.
      #expect(try viewer.wholePicture().colours > 1)
      display.end()
    }

    @Test(arguments: ["mbochs-medium", "mdpy-vga"]) func `a guest that draws holds its mdev until it is gone`(
      type: String
    ) throws {
      let vm = try RealPeers.Kernel.vm
      let uuid = try vm.makeMdev(type)
      do {
        let guest = try DrawnGuest(uuid, in: vm)
        try guest.draw(type.hasPrefix("mbochs") ? "mode 640 480" : "fill 0", "pattern 1")
        let second = try vm.run("vfio-draw \(uuid)")
        #expect(second.status == 1 && second.output.contains("busy"), "\(second)")
        let costs = try guest.draw("costs 1000")
        #expect(costs.first?.hasPrefix("costs info ") == true, "\(costs)")
        guest.kill()
      }
      try vm.removeMdev(uuid)
    }
  }
}
