// What vgpu types and vgpu list print.
import Foundation
import GVTCore
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct InstanceReportTests {
  private func record(_ name: String, _ type: String) throws -> InstanceRecord {
    InstanceRecord(
      name: name, type: try InstanceType(named: type), platform: .skylake, process: 7, socket: "/run/\(name)",
      started: 0)
  }

  @Test func `types tell how many of each are free`() throws {
    let report = TypesReport(running: [try record("a", "i915-GVTg_V5_2"), try record("b", "i915-GVTg_V5_4")])
    #expect(report.types.filter { $0.name.contains("V5") }.map(\.available) == [3, 2, 1, 0])
    #expect(report.types.filter { $0.platforms.contains("bdw") }.count == 4)
    let line = report.table.split(separator: "\n").dropFirst().first { $0.contains("V5_8") }
    #expect(line?.split(separator: " ").suffix(8) == ["64", "MiB", "384", "MiB", "4", "2", "1024x768", "3"])
  }

  @Test func `a vGPU is listed with what it does, or why that is not known`() throws {
    let status = InstanceStatus(
      isConnected: true, reason: nil, width: 1024, height: 768, preferred: "1024x768", connector: "dp",
      engines: "wedged", trappedAccesses: 7300, refusedAccesses: ["scan-out": 3, "aperture": 4])
    let instance = try record("vm1", "i915-GVTg_V5_8")
    let report = InstancesReport(instances: [
      .init(instance: instance, status: status), .init(instance: instance, failure: "vm1 does not answer"),
    ])
    let lines = report.table.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(lines[1] == "vm1 emulated i915-GVTg_V5_8 skl 7 /run/vm1 1024x768 7 attached")
    #expect(lines[2] == "vm1 emulated i915-GVTg_V5_8 skl 7 /run/vm1 - - vm1 does not answer")
    #expect(JSONLine.decode(JSONLine.encode(report)) == report)
  }

  @Test func `nothing running is no error, and says how to begin`() throws {
    let places = Places(user: 7, environment: ["GVT_VNC_RUN": "/nonexistent/\(UUID())"])
    #expect(try InstancesReport.gather(places).table.contains("gvt-vnc serve"))
    #expect { try InstanceClient(named: "x", in: places) } throws: { ($0 as? CommandFailure)?.status == .missingInput }
  }
}
