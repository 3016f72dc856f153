// What doctor and vms print of hosts of every kind; Golden/doctor and Golden/vms have their words.
import Foundation
import GVTDisplay
import Testing

@testable import GVTCore
@testable import gvt_vnc

@Suite struct DoctorReportTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
  private static let hosts = [
    "amd-mxgpu", "broadwell", "kabylake", "misconfigured", "no-gpu", "nvidia-vgpu", "skylake", "tigerlake-sriov",
  ]

  private static func root(_ host: String) -> HostRoot {
    HostRoot(prefix: tests.appending(path: "../Fixtures/Hosts/" + host).standardized.path)
  }

  private static func places(_ root: HostRoot) -> Places { Places(config: root.place(of: "/etc/gvt-vnc")) }

  /// Compares with a file of Golden; GVT_GOLDEN=write writes it instead.
  private func expect(_ text: String, in file: String) throws {
    let place = Self.tests.appending(path: "Golden/" + file)
    if ProcessInfo.processInfo.environment["GVT_GOLDEN"] == "write" {
      try Data((text + "\n").utf8).write(to: place)
    }
    let expected = try String(contentsOf: place, encoding: .utf8)
    #expect(text + "\n" == expected, "if the change is meant: GVT_GOLDEN=write swift test --filter DoctorReportTests")
  }

  @Test(arguments: hosts)
  func `what a host needs is told`(host: String) throws {
    let root = Self.root(host)
    let report = try DoctorReport.gather(HostSurvey(of: root), Self.places(root))
    try expect(report.text(width: 80, isColoured: false), in: "doctor/\(host).txt")
    try expect(JSONReport.text(report), in: "doctor/\(host).json")
    #expect(report.blocking == (host == "misconfigured" ? report.findings.count { $0.verdict == .blocks } : 0))
  }

  @Test(arguments: hosts)
  func `the VMs of a host are told`(host: String) throws {
    let root = Self.root(host)
    let report = MachinesReport.gather(HostSurvey(of: root), Self.places(root))
    try expect(report.text(width: 80, isColoured: false), in: "vms/\(host).txt")
    try expect(JSONReport.text(report), in: "vms/\(host).json")
    for way in report.machines.flatMap(\.specs) {
      #expect(throws: Never.self, "what is offered can be served") { try SourceSpec(way.spec) }
    }
  }

  @Test(arguments: [80, 100, 120])
  func `sentences fit the terminal`(width: Int) throws {
    let root = Self.root("misconfigured")
    let text = try DoctorReport.gather(HostSurvey(of: root), Self.places(root)).text(width: width, isColoured: false)
    for line in text.split(separator: "\n") where !line.hasPrefix("          > ") {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func `colours change nothing but the colour`() throws {
    let report = try DoctorReport.gather(HostSurvey(of: Self.root("kabylake")), Self.places(Self.root("kabylake")))
    let plain = report.text(width: 80, isColoured: false)
    let coloured = report.text(width: 80, isColoured: true)
    #expect(coloured.contains("\u{1b}[33m  advice\u{1b}[0m"))
    #expect(coloured.replacing(/\u{1b}\[[0-9]+m/, with: "") == plain)
  }

  @Test func `a display whose port is its own is in order`() throws {
    let settings = DisplaySettings(
      source: try SourceSpec("vgpu:demo"), listeners: [try ListenAddress("127.0.0.1:5901")])
    let entry = ConfigurationFolder.Entry(name: "office", settings: .success(settings))
    func verdicts(_ commandLine: String?) -> [Finding.Verdict] {
      DoctorReport.displays([entry], in: .this) { _ in commandLine.map { PortOwner(process: 7, commandLine: $0) } }
        .map(\.verdict)
    }
    #expect(verdicts(nil) == [.ok])
    #expect(verdicts("gvt-vnc\0serve\0vgpu:demo\0--name\0office\0") == [.ok])
    #expect(verdicts("gvt-vnc\0serve\0vgpu:demo\0--name\0other\0") == [.blocks])
    #expect(verdicts("Xvnc\0") == [.blocks])
  }
}
