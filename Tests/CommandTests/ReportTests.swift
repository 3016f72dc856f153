// What list and status print.
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct ReportTests {
  @Test func `columns are aligned and control characters cannot reach the terminal`() {
    let rows = [["NAME", "STATE"], ["a", "x\u{1b}[2Jy"], ["longer", "z"]]
    #expect(Table.text(rows) == "NAME    STATE\na       x?[2Jy\nlonger  z")
    #expect(Table.text([]) == "")
  }

  @Test func `a display that nobody serves is listed with the reason`() throws {
    let settings = DisplaySettings(
      source: try SourceSpec("vgpu:demo"), listeners: [try ListenAddress("127.0.0.1:5900")])
    let entry = DisplayEntry(name: "vm1", settings: settings, reason: "the daemon does not run")
    let lines = ListReport(isDaemonRunning: false, displays: [entry]).table.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(
      lines.last?.split(separator: " ").prefix(7) == ["vm1", "vgpu:demo", "127.0.0.1:5900", "0", "-", "-", "stopped:"])
    #expect(entry.text.contains("stopped: the daemon does not run"))
  }

  @Test func `a display whose file is wrong is listed as failed`() {
    let entry = DisplayEntry(name: "bad", failure: CommandFailure(.badData, "/c/bad.yaml:3: no"))
    #expect(entry.stateText == "failed: /c/bad.yaml:3: no")
  }

  @Test func `a crash is told even when the display is back`() throws {
    let settings = DisplaySettings(source: try SourceSpec("vgpu:demo"), listeners: [])
    var entry = DisplayEntry(name: "vm1", settings: settings, reason: "x")
    entry.state = .running
    entry.reason = nil
    entry.restarts = 2
    entry.lastEnd = "killed by signal 9 (Killed)"
    #expect(entry.stateText == "running (restarted 2x, last: killed by signal 9 (Killed))")
  }

  @Test func `an empty list says how to begin`() {
    #expect(ListReport(isDaemonRunning: true, displays: []).table.contains("gvt-vnc enable"))
  }
}
