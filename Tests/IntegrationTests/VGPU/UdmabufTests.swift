// Dmabufs of a real kernel: the unit tests that need /dev/udmabuf, run again in a VM whose kernel has it.
import Glibc
import TestSupport
import Testing

/// A throw-away VM that plays the part of a host: Tests/Rig/host-in-a-vm.sh.
private enum HostInAVM {
  static let script = Project.root + "/Tests/Rig/host-in-a-vm.sh"
  static let cache = Project.root + "/.cache/host-vm"
  static var isPrepared: Bool { access(cache + "/abi", R_OK) == 0 }

  /// The bundle that this test is in.
  static var tests: String {
    var own = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &own, own.count - 1)
    return String(decoding: own.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension RealPeers {
  @Suite struct UdmabufTests {
    @Test(.enabled(if: HostInAVM.isPrepared, "no VM: run Tests/Rig/host-in-a-vm.sh --cache .cache/host-vm --prepare"))
    func `a kernel with udmabuf makes dmabufs of planes, and pictures come through them`() throws {
      let result = try runToEnd(
        "bash",
        [
          HostInAVM.script, "--cache", HostInAVM.cache, "--modules", "udmabuf", "--mem", "1500", "--timeout", "200",
          "--prog", HostInAVM.tests, "--", HostInAVM.tests, "--testing-library", "swift-testing", "--filter",
          "PageExporterTests|VGPUSourceTests", "--skip", "IntegrationTests",
        ], within: 260)
      #expect(result.status == 0, "\(result.output.suffix(3000)) \(result.errors.suffix(2000))")
      let passed = (result.output + result.errors).split(separator: "\n").filter { $0.contains("passed after") }
      for words in [
        "the kernel's dmabufs show", "needs several of the kernel's", "no dmabuf of a file", "through them",
      ] {
        #expect(passed.contains { $0.contains(words) }, "\(result.output.suffix(2000)) \(result.errors.suffix(2000))")
      }
    }
  }
}
