// vGPUs accounted in a folder, by holders that come, go and crash.
import Foundation
import GVTCore
import Testing

struct InstanceFolderTests {
  private let run = TemporaryRun()
  private var folder: InstanceFolder { InstanceFolder(in: run.path) }

  private func wish(_ name: String, type: String = "i915-GVTg_V5_8") throws -> InstanceRecord {
    InstanceRecord(
      name: name, type: try InstanceType(named: type), platform: .skylake, process: getpid(),
      socket: "/run/\(name).sock", started: 1)
  }

  @Test func `a folder that nobody has used holds nothing`() throws {
    #expect(try folder.instances().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: run.path))
  }

  @Test func `seven are held, the eighth is refused until one goes`() throws {
    var claims = try (1...7).map { try folder.claim(try wish("vm\($0)")) }
    #expect(try folder.instances().map(\.name) == (1...7).map { "vm\($0)" })
    #expect(Set(claims.map(\.record.control)).count == 7)
    #expect { try folder.claim(try wish("vm8")) } throws: { "\($0)".contains("never more than 7") }
    claims.remove(at: 2)
    let late = try folder.claim(try wish("vm8"))
    #expect(late.record.control == run.path + "/vgpu/3.sock")
    #expect(try folder.instances().count == 7)
  }

  @Test func `a claim that has ended takes nothing from who comes after it`() throws {
    let first = try folder.claim(try wish("vm1"))
    first.end()
    #expect(try folder.instances().isEmpty)
    let second = try folder.claim(try wish("vm1"))
    first.end()
    #expect(try folder.instances() == [second.record])
  }

  @Test func `shares run out before places do`() throws {
    let whole = try folder.claim(try wish("large", type: "i915-GVTg_V5_1"))
    #expect { try folder.claim(try wish("other", type: "i915-GVTg_V5_1")) } throws: { error in
      "\(error)".contains("1 of i915-GVTg_V5_8 or 1 of i915-GVTg_V5_4 would still fit")
    }
    withExtendedLifetime(whole) {}
  }

  @Test func `a name and a socket are given once`() throws {
    let first = try folder.claim(try wish("vm1"))
    #expect(throws: InstanceRefusal.nameTaken("vm1", process: getpid())) { try folder.claim(try wish("vm1")) }
    var other = try wish("vm2")
    other.socket = first.record.socket
    #expect(throws: InstanceRefusal.socketTaken("/run/vm1.sock", by: "vm1")) { try folder.claim(other) }
  }

  @Test func `what a crashed process left behind is nobody's`() throws {
    _ = try folder.claim(try wish("seed"))
    for number in 1...7 {
      let line = JSONLine.encode(try wish("dead\(number)"))
      try Data(line.utf8).write(to: URL(filePath: run.path + "/vgpu/\(number).json"), options: [])
    }
    #expect(try folder.instances().isEmpty)
    let claim = try folder.claim(try wish("vm1"))
    #expect(try folder.instances() == [claim.record])
  }

  @Test func `many that come at once get no more than there is`() async throws {
    let folder = folder
    let wishes = try (1...20).map { try wish("vm\($0)") }
    let claims = await withTaskGroup(of: InstanceClaim?.self, returning: [InstanceClaim].self) { group in
      for wish in wishes { group.addTask { try? folder.claim(wish) } }
      var claims: [InstanceClaim] = []
      for await claim in group { if let claim { claims.append(claim) } }
      return claims
    }
    #expect(claims.count == 7)
    #expect(Set(try folder.instances().map(\.name)) == Set(claims.map(\.record.name)))
  }

  @Test func `a file that nobody can read does not look like room`() throws {
    let claim = try folder.claim(try wish("vm1"))
    try Data("{".utf8).write(to: URL(filePath: run.path + "/vgpu/1.json"), options: [])
    #expect { try folder.claim(try wish("vm2")) } throws: { "\($0)".contains("cannot account vGPUs") }
    withExtendedLifetime(claim) {}
  }
}

/// A run folder of its own, gone with the test.
private final class TemporaryRun: Sendable {
  let path = NSTemporaryDirectory() + "gvt-run-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
