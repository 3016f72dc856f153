// info, detach and attach, asked of displays that run.
import Foundation
import Glibc
import TestSupport
import Testing

extension RealPeers {
  @Suite struct DisplayInfoTests {
    private func run(_ folder: TemporaryFolder, _ arguments: String...) throws -> (
      status: Int32, output: String, errors: String
    ) {
      try runToEnd(Project.program, arguments, environment: ["GVT_VNC_RUN": folder.path("run")], within: 20)
    }

    private func serve(_ name: String, in folder: TemporaryFolder) throws -> ServedDisplay {
      try ServedDisplay(
        "vgpu:demo?size=800x600", ["--name", name], environment: ["GVT_VNC_RUN": folder.path("run")], in: folder)
    }

    @Test func `a display served by hand tells of its planes under its name and its process's number`() throws {
      let folder = try TemporaryFolder()
      let display = try serve("vm1", in: folder)
      defer { display.end() }
      for name in ["vm1", "\(display.program.pid)"] {
        #expect(
          poll(for: 10) {
            guard let result = try? run(folder, "info", name, "--planes"), result.status == 0 else { return false }
            return result.output.contains("XR24") && result.output.contains("800x600")
              && result.output.contains("mapped pages")
          }, "\(name)")
      }
      let json = try run(folder, "info", "vm1", "--json")
      let info = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(info["name"] as? String == "vm1")
      #expect((info["planes"] as? [Any])?.isEmpty == false)
    }

    @Test func `what holds nothing cannot let go, and a name that is not there is told with those that are`() throws {
      let folder = try TemporaryFolder()
      let display = try serve("vm1", in: folder)
      defer { display.end() }
      let refused = try run(folder, "detach", "vm1")
      #expect(refused.status == 69)
      #expect(refused.errors.contains("holds nothing"))
      let unknown = try run(folder, "info", "vm2")
      #expect(unknown.status == 66)
      #expect(unknown.errors.contains("those that run are vm1"))
      let twin = try serve("vm1", in: folder)
      defer { twin.end() }
      let either = try run(folder, "info", "vm1")
      #expect(either.status == 65)
      #expect(either.errors.contains("\(display.program.pid)"))
    }

    @Test func `a killed display leaves nothing that looks like one`() throws {
      let folder = try TemporaryFolder()
      let display = try serve("vm1", in: folder)
      kill(display.program.pid, SIGKILL)
      display.end()
      let gone = try run(folder, "info", "vm1")
      #expect(gone.status == 66)
      #expect(gone.errors.contains("none does"))
    }
  }
}
