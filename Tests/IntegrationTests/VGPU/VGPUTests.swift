// vGPUs as their users meet them: a program, its commands, viewers, and VMs that attach.
import Foundation
import GVTCore
import GVTDisplay
import TestSupport
import Testing
import VGPUTesting

/// A folder with the sockets of a few vGPUs, accounted on their own.
private struct VGPUHost {
  let folder: TemporaryFolder
  var environment: [String: String] { ["GVT_VNC_RUN": folder.path("run")] }

  init() throws { folder = try TemporaryFolder() }

  func serve(_ name: String, _ options: String = "type=i915-GVTg_V5_8") throws -> ServedDisplay {
    try ServedDisplay(
      "vgpu:\(folder.path(name))?\(options)", ["--name", name], environment: environment, in: folder)
  }

  /// Attaches to a vGPU as soon as it listens.
  func attach(_ name: String) throws -> VFIOUserGuest {
    guard poll(for: 10, until: { FileManager.default.fileExists(atPath: folder.path(name)) }) else {
      throw TestFailure("\(name) does not listen")
    }
    return try VFIOUserGuest(attaching: folder.path(name))
  }

  func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try runToEnd(Project.program, arguments, environment: environment)
  }

  func list() throws -> [[String: Any]] {
    let data = Data(try run("vgpu", "list", "--json").output.utf8)
    let report = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return report?["instances"] as? [[String: Any]] ?? []
  }

  func names() throws -> [String] {
    try list().compactMap { ($0["instance"] as? [String: Any])?["name"] as? String }
  }
}

extension RealPeers {
  @Suite struct VGPUTests {
    private let size = PixelSize(width: 640, height: 480)

    @Test func `a viewer sees what a VM's driver shows, and stays while VMs come and go`() throws {
      let host = try VGPUHost()
      let display = try host.serve("vm1")
      defer { display.end() }
      let viewer = try RFBTestClient(
        display.address, .init(Encoding.tight, Encoding.extendedDesktopSize))
      #expect(try viewer.wholePicture().colours > 2)
      for colour in [UInt32(0x20_40_60), 0x70_50_30] {
        let guest = try host.attach("vm1")
        try guest.show(size, colour: colour)
        try viewer.follow { $0.picture.width == 640 && $0.picture.pixels.allSatisfy { $0 & 0xff_ffff == colour } }
        // Without a register access.
        guest.paint(size, colour: 0x0102_03)
        try viewer.follow { $0.picture.pixels.allSatisfy { $0 & 0xff_ffff == 0x0102_03 } }
        let entry = try #require(try host.list().first?["status"] as? [String: Any])
        #expect(entry["isConnected"] as? Bool == true && entry["width"] as? Int == 640)
        try guest.unmapMemory()
        try viewer.follow { $0.picture.colours > 2 }
        #expect(try host.run("vgpu", "list").output.contains("memory that it does not have"))
        try guest.mapMemory()
        try viewer.follow { $0.picture.pixels.allSatisfy { $0 & 0xff_ffff == 0x0102_03 } }
        #expect(try host.run("vgpu", "reset", "vm1").status == 0)
        #expect(try guest[MMIO.pipeConfiguration(.a)] == 0)
        try viewer.follow { $0.picture.colours > 2 }
      }
      #expect(poll(for: 5) { (try? host.run("vgpu", "list").output.contains("waiting for a VMM")) == true })
    }

    @Test func `seven are served, the eighth is told why not, and a killed one leaves its place`() throws {
      let host = try VGPUHost()
      var displays = try (1...7).map { try host.serve("vm\($0)") }
      defer { for display in displays { display.end() } }
      #expect(try host.names() == (1...7).map { "vm\($0)" })
      let eighth = try host.run(
        "serve", "vgpu:\(host.folder.path("vm8"))?type=i915-GVTg_V5_8", "--listen", "127.0.0.1:0")
      #expect(eighth.status == 69 && eighth.errors.contains("never more than 7"))
      displays[3].program.signal(SIGKILL)
      _ = try displays[3].program.waitForExit(within: 5)
      #expect(try host.names().count == 6)
      let large = try host.run(
        "serve", "vgpu:\(host.folder.path("vm8"))?type=i915-GVTg_V5_1", "--listen", "127.0.0.1:0")
      #expect(large.status == 69 && large.errors.contains("1 of i915-GVTg_V5_8 would still fit"))
      // Its socket is still there, with nobody behind it.
      displays[3] = try host.serve("vm4")
      _ = try host.attach("vm4")
      #expect(try host.names().count == 7)
      displays[0].program.signal(SIGTERM)
      _ = try displays[0].program.waitForExit(within: 5)
      #expect(try host.names().count == 6)
      #expect(!FileManager.default.fileExists(atPath: host.folder.path("vm1")))
    }

    @Test func `a type that its guest cannot use and a name that is taken are refused`() throws {
      let host = try VGPUHost()
      let display = try host.serve("vm1")
      defer { display.end() }
      let taken = try host.run(
        "serve", "vgpu:\(host.folder.path("other"))", "--listen", "127.0.0.1:0", "--name", "vm1")
      #expect(taken.status == 69 && taken.errors.contains("there is a vGPU called \"vm1\" already"))
      let windows = try host.run(
        "serve", "vgpu:/tmp/x?type=i915-GVTg_V5_8&guest=windows7-32", "--listen", "127.0.0.1:0")
      #expect(windows.status == 65 && windows.errors.contains("windows7-32"))
      let types = try host.run("vgpu", "types")
      #expect(types.output.split(separator: "\n").count == 9)
      #expect(try host.run("vgpu", "reset", "vm9").status == 66)
      #expect(try host.run("screenshot", "vgpu:/tmp/x", "-o", "/tmp/x.png").status == 64)
    }
  }
}
