// What is written into QEMU's copy of a configuration space, and in which order.
import GVTCore
import Testing

@testable import gvt_vnc

@Suite struct SavedConfigurationTests {
  private func configuration(_ change: (inout [UInt8]) -> Void = { _ in }) throws -> SavedConfiguration {
    let function = try PCIFunction(VirtualGPUConfiguration(type: try InstanceType(named: "i915-GVTg_V5_4")))
    var bytes = function.configuration
    bytes.replaceSubrange(0x10..<0x14, with: [0x04, 0, 0, 0xfd])
    bytes.replaceSubrange(0x04..<0x06, with: [0x07, 0x05])
    bytes.replaceSubrange(0x92..<0x94, with: [0x01, 0])
    bytes.replaceSubrange(0x94..<0x98, with: [0x04, 0x10, 0xe0, 0xfe])
    bytes.replaceSubrange(0x98..<0x9a, with: [0x26, 0])
    change(&bytes)
    return SavedConfiguration(bytes: bytes)
  }

  @Test func `BARs come before the command register, and the interrupt's message before its enable bit`() throws {
    let writes = try configuration().writes
    #expect(writes.map(\.0) == [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3c, 0x94, 0x98, 0x04, 0x92])
    #expect(writes.map(\.2) == [4, 4, 4, 4, 4, 4, 1, 4, 2, 2, 2])
    #expect(writes[0].1 == 0xfd00_0004 && writes[7].1 == 0xfee0_1004 && writes[9].1 == 0x0507 && writes[10].1 == 1)
  }

  @Test func `a message of 64 bits has its data further on`() throws {
    let writes = try configuration { bytes in
      bytes[0x92] = 0x81
      bytes[0x9c] = 0x31
    }.writes
    #expect(writes.map(\.0).suffix(5) == [0x94, 0x98, 0x9c, 0x04, 0x92])
    #expect(writes.contains { $0.0 == 0x9c && $0.1 == 0x31 && $0.2 == 2 })
  }

  @Test(arguments: [0x00, 0x34, 0x90, 0xf8] as [UInt8])
  func `a list of capabilities that leads nowhere or in circles ends`(next: UInt8) throws {
    let writes = try configuration { bytes in
      bytes[0x34] = 0xd0
      bytes[0xd0] = 0x01
      bytes[0xd1] = next == 0x90 ? 0xd0 : next
    }.writes
    #expect(writes.map(\.0) == [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3c, 0x04])
    #expect(SavedConfiguration(bytes: []).writes.count == 8)
  }

  @Test func `progress is told in percent`() {
    let memory = MigrationProgress.Memory(transferred: 1, remaining: 256 << 20, total: 1024 << 20)
    #expect(MigrationProgress(status: "active", ram: memory).description == "75 % of 1024 MiB")
    #expect(MigrationProgress(status: "setup").description == "setup")
    #expect(MigrationProgress.Address(type: "inet", host: "::1", port: "4444").uri == "tcp:[::1]:4444")
    #expect(MigrationProgress.Address(type: "unix", path: "/x").uri == "unix:/x")
    #expect(MigrationProgress.Address(type: "vsock").uri == nil)
  }
}
