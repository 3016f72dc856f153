// Lines of control: what the daemon, its clients and its children say to each other.
import Foundation
import GVTCore
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct ControlProtocolTests {
  @Test func `a request is a line that a person could write`() {
    #expect(JSONLine.encode(ControlRequest(.status, name: "vm1")) == #"{"command":"status","name":"vm1"}"#)
    #expect(JSONLine.decode(#"{"command":"list"}"#) == ControlRequest(.list))
    #expect(JSONLine.decode(#" { "name":null, "command":"list", "more":1 } "#) == ControlRequest(.list))
  }

  @Test(arguments: [
    "", "list", "[]", "{}", #"{"command":1}"#, "{\"command\":\"list\"", String(repeating: "[", count: 100_000),
  ])
  func `anything else is refused without harm`(_ line: String) {
    #expect(JSONLine.decode(line, as: ControlRequest.self) == nil)
  }

  @Test func `a report travels from a child to the daemon and into the list`() throws {
    let viewer = ViewerReport(peer: "127.0.0.1:1", isViewOnly: true, encoding: "Tight", updatesSent: 2, bytesSent: 3)
    let report = DisplayReport(
      state: .waiting, reason: "the VM is off", source: "qemu:/a", listeners: ["127.0.0.1:5900"], viewers: [viewer],
      width: 640, height: 480, framesPerSecond: 12.5)
    let line = JSONLine.encode(ChildMessage(report: report))
    #expect(!line.contains("\n"))
    #expect(JSONLine.decode(line) == ChildMessage(report: report))
  }

  @Test func `a failure keeps its status and its words on the way`() {
    let failure = CommandFailure(.noPermission, "no \"entry\"")
    let line = JSONLine.encode(ControlReply(failure: FailureMessage(failure)))
    #expect(JSONLine.decode(line, as: ControlReply.self)?.failure?.failure == failure)
  }

  @Test func `lines are put together from pieces and bounded`() {
    var reader = LineReader(limit: 8)
    #expect(reader.lines(adding: Array("ab".utf8)) == [])
    #expect(reader.lines(adding: Array("c\n\nde\nf".utf8)) == ["abc", "", "de"])
    #expect(reader.lines(adding: Array("2345678".utf8)) == [])
    #expect(reader.lines(adding: Array("9".utf8)) == nil)
  }

  @Test func `exit statuses are those of sysexits`() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 64, 65, 66, 69, 70, 71, 73, 77])
    #expect(CommandFailure(SystemFailure("open", EACCES), to: "read x").status == .noPermission)
    #expect(CommandFailure(SystemFailure("open", ENOENT), to: "read x").status == .missingInput)
    #expect(CommandFailure(SystemFailure("open", EIO), to: "read x").description == "cannot read x: Input/output error")
  }

  @Test func `places are the machine's for root, one's own for others, and together when a folder is named`() {
    let home = ["HOME": "/users/a", "XDG_RUNTIME_DIR": "/run/user/7"]
    #expect(Places(user: 0, environment: home).socket == "/run/gvt-vnc/control.sock")
    #expect(Places(user: 0, environment: home).configuration == "/etc/gvt-vnc")
    #expect(Places(user: 7, environment: home).configuration == "/users/a/.config/gvt-vnc")
    #expect(Places(user: 7, environment: home).socket == "/run/user/7/gvt-vnc/control.sock")
    #expect(Places(user: 7, environment: ["XDG_CONFIG_HOME": "/c"]).configuration == "/c/gvt-vnc")
    #expect(Places(config: "/d", user: 0, environment: home).socket == "/d/control.sock")
    #expect(Places(config: "/d", socket: "/s", user: 0, environment: home).socket == "/s")
  }
}
