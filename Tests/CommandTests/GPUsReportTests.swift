// What gpus, vgpu list and vgpu types print of hosts of every kind; Golden/gpus has their words.
import ArgumentParser
import Foundation
import Testing

@testable import GVTCore
@testable import gvt_vnc

@Suite struct GPUsReportTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

  private static func root(_ host: String) -> HostRoot {
    HostRoot(prefix: tests.appending(path: "../Fixtures/Hosts/" + host).standardized.path)
  }

  /// Compares with a file of Golden; GVT_GOLDEN=write writes it instead.
  private func expect(_ text: String, in file: String) throws {
    let place = Self.tests.appending(path: "Golden/" + file)
    if ProcessInfo.processInfo.environment["GVT_GOLDEN"] == "write" {
      try Data((text + "\n").utf8).write(to: place)
    }
    let expected = try String(contentsOf: place, encoding: .utf8)
    #expect(text + "\n" == expected, "if the change is meant: GVT_GOLDEN=write swift test --filter GPUsReportTests")
  }

  @Test(arguments: [
    "amd-mxgpu", "broadwell", "kabylake", "no-gpu", "nvidia-vgpu", "skylake", "tigerlake-sriov",
  ])
  func `a host's GPUs are told`(host: String) throws {
    let report = GPUsReport.gather(Self.root(host))
    try expect(report.text, in: "gpus/\(host).txt")
    try expect(JSONReport.text(report), in: "gpus/\(host).json")
    #expect(report.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
  }

  @Test func `an Intel GPU that is not ready says what to change`() throws {
    let folder = NSTemporaryDirectory() + "/gvt-vnc-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.copyItem(atPath: Self.root("broadwell").prefix, toPath: folder)
    for path in ["sys/class/mdev_bus/0000:00:02.0", "sys/module/kvmgt"] {
      try FileManager.default.removeItem(atPath: folder + "/" + path)
    }
    let text = GPUsReport.gather(HostRoot(prefix: folder)).text
    #expect(text.contains("GVT-g is possible, but the module kvmgt is not loaded: modprobe kvmgt"))
    #expect(!text.contains("Make one"))
  }

  @Test(arguments: ["kabylake", "nvidia-vgpu", "tigerlake-sriov"])
  func `whatever one of its files says, a host's GPUs are told`(host: String) throws {
    let folder = NSTemporaryDirectory() + "/gvt-vnc-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.copyItem(atPath: Self.root(host).prefix, toPath: folder)
    let root = HostRoot(prefix: folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
      let type = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)[.type] as? FileAttributeType
      return type == .typeRegular && (path.hasPrefix("sys/devices") || path.hasPrefix("proc"))
    }
    #expect(files.count > 40)
    let nonsense = ["", "\n\n", "-1\n", "9223372036854775807\n", "0xffffffffffffffff", "\0\u{1b}[2J:=,\n=:"].map {
      Data($0.utf8)
    }
    for file in files {
      let url = URL(filePath: folder + "/" + file)
      let before = try Data(contentsOf: url)
      for bytes in nonsense + [Data([0xff, 0xfe, 0x80]), Data(before.dropLast(before.count / 2))] {
        try bytes.write(to: url)
        let report = GPUsReport.gather(root)
        let controls = report.text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(!controls && !JSONReport.text(report).isEmpty, "\(file): \(Array(bytes.prefix(20)))")
      }
      try before.write(to: url)
    }
    #expect(GPUsReport.gather(root) == GPUsReport.gather(Self.root(host)))
  }

  @Test func `names cannot move the terminal's cursor`() {
    let type = MdevTypeEntry(
      MdevType(
        id: "a\u{1b}[2J", name: nil, description: "b\u{7}\nc", available: 1, deviceAPI: nil, instances: []),
      of: MdevParent(name: "d\u{8}", types: []))
    let report = GPUsReport(gpus: [], otherParents: [.init(name: "d\u{8}", types: [type])])
    #expect(!report.text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    #expect(report.text.contains("b?, c"))
  }

  @Test func `hardware vGPUs are listed beside emulated ones`() throws {
    let places = Places(user: 7, environment: ["GVT_VNC_RUN": "/nonexistent/\(UUID())"])
    let list = try InstancesReport.gather(places, Self.root("kabylake"))
    let rows = list.table.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(rows.count == 2)
    #expect(
      rows.last == """
        6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90 hardware i915-GVTg_V5_8 0000:00:02.0 2411 - - - in use by VM office \
        (process 2411)
        """)
    #expect(try InstancesReport.gather(places, Self.root("skylake")).table.contains("not in use"))
    let types = try TypesReport.gather(places, Self.root("nvidia-vgpu"))
    #expect(types.types.count == 8 && types.hardware.count == 4)
    #expect(types.table.split(separator: "\n").last?.split(separator: " ").last == "0")
  }

  @Test func `failures end with the documented statuses`() {
    let root = Self.root("no-gpu")
    #expect(throws: CommandFailure.self) {
      do throws(MediationFailure) { try Mediation(in: root).remove("x") } catch { throw CommandFailure(error) }
    }
    #expect(throws: (any Error).self) { try VGPUCreate.parse(["--type", "a", "--guest", "windows95"]) }
  }
}
