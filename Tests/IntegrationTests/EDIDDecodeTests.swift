// Our EDIDs, judged by edid-decode.
import GVTCore
import TestSupport
import Testing

@Suite struct EDIDDecodeTests {
  private static let sizes = [
    (640, 480), (800, 600), (1024, 768), (1280, 800), (1366, 768), (1367, 801), (1600, 900), (1680, 1050),
    (1920, 1080), (1920, 1200), (2560, 1440), (2560, 1600), (3440, 1440), (3840, 2160), (1200, 1920), (640, 2160),
    (3840, 480),
  ].map { PixelSize(width: $0.0, height: $0.1) }

  @Test(.tags(.peer), .needs("edid-decode"), arguments: sizes, Monitor.Connector.allCases)
  func `edid-decode finds nothing wrong`(size: PixelSize, connector: Monitor.Connector) throws {
    let folder = try TemporaryFolder()
    let monitor = Monitor(connector: connector, preferred: size)
    try writeBytes(EDID.bytes(for: monitor), to: folder.path("edid"))
    let verdict = try runToEnd("edid-decode", ["--check", "--preferred-timings", folder.path("edid")], within: 20)
    #expect(verdict.status == 0, "\(verdict.output)")
    #expect(verdict.output.contains("EDID conformity: PASS"))
    #expect(!verdict.output.contains("Warnings:"), "\(verdict.output)")
    let preferred = verdict.output.split(separator: "\n").first { $0.contains("DTD 1:") }
    #expect(preferred?.contains(" \(size) ") == true, "\(verdict.output)")
  }
}
