// Which port a display gets, and who is named when one is taken.
import Foundation
import GVTCore
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct PortTests {
  @Test func `the lowest port that is neither given nor in use is taken`() {
    #expect(PortChoice.lowestFree(given: []) { _ in true } == 5900)
    #expect(PortChoice.lowestFree(given: [5900, 5902]) { $0 != 5901 } == 5903)
    #expect(PortChoice.lowestFree(given: []) { _ in false } == nil)
  }

  @Test func `listeners conflict by port, whatever the host, and by path`() throws {
    let loopback = try ListenAddress("127.0.0.1:5900")
    #expect(loopback.conflicts(with: try ListenAddress("*:5900")))
    #expect(!loopback.conflicts(with: try ListenAddress("127.0.0.1:5901")))
    #expect(!(try ListenAddress("127.0.0.1:0")).conflicts(with: try ListenAddress("127.0.0.1:0")))
    #expect((try ListenAddress("unix:/a")).conflicts(with: try ListenAddress("unix:/a")))
  }

  @Test func `the kernel's table tells which sockets listen at a port`() {
    let table = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:170D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
         1: 0100007F:170D 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
         2: 0100007F:170E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
      """
    #expect(PortOwner.listeners(in: table, port: 5901) == ["4711"])
    #expect(PortOwner.listeners(in: table, port: 5903) == [])
    #expect(PortOwner.listeners(in: "", port: 5901) == [])
  }

  @Test func `a display of ours is called by its name, another program by its own`() {
    let ours = PortOwner(
      process: 7, commandLine: "gvt-vnc\0serve\0vgpu:demo\0--name\0Office\0--listen\0127.0.0.1:5901\0")
    #expect("\(ours)" == "the display \"Office\" (process 7)")
    let unnamed = PortOwner(process: 7, commandLine: "/usr/bin/gvt-vnc\0serve\0vgpu:demo\0--listen\0127.0.0.1:5901\0")
    #expect("\(unnamed)" == "the display \"vgpu:demo\" (process 7)")
    #expect("\(PortOwner(process: 8, commandLine: "/usr/bin/Xtigervnc\0:1\0"))" == "Xtigervnc (process 8)")
    #expect("\(PortOwner(process: 9, commandLine: ""))" == "another program (process 9)")
  }
}
