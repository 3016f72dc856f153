// A host with a real kernel for all suites that need one: a VM that is booted at the first use and once only.
import Synchronization
import TestSupport
import Testing

extension RealPeers {
  /// Suites in `extension RealPeers.Kernel` share one VM: ``vm``. It has the sample devices of VFIO (mended, see
  /// Tests/Rig/host-in-a-vm.sh), udmabuf, vkms, QEMU, `gvt-vnc` and `vfio-draw`. A test leaves it as it was: its mdevs
  /// removed, module parameters put back, nothing running.
  @Suite(.needsHostVM, .hostVM(.everything)) enum Kernel {
    static var vm: HostVM {
      get throws { try SharedHostVM.current() }
    }
  }
}

extension HostVM.Settings {
  /// What any suite of ``RealPeers/Kernel`` wants.
  static let everything = {
    var settings = HostVM.Settings()
    settings.modules += ["udmabuf", "vkms"]
    settings.tools = ["vfio-draw"]
    settings.files = NestedQEMU.files
    settings.megabytes = 2000
    return settings
  }()
}

extension Trait where Self == ConditionTrait {
  /// The rig's kernel and modules.
  static var needsHostVM: Self { .enabled(if: HostVM.whatIsMissing == nil, "\(HostVM.whatIsMissing ?? "")") }
}

extension Trait where Self == HostVMTrait {
  /// A VM for all tests of the suite, see ``SharedHostVM/current()``; it is switched off after the last of them, and the
  /// suite fails if its kernel complained.
  static func hostVM(_ settings: HostVM.Settings) -> Self { HostVMTrait(settings: settings) }
}

struct HostVMTrait: SuiteTrait, TestScoping {
  let settings: HostVM.Settings

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let shared = SharedHostVM(settings)
    try await SharedHostVM.$ofSuite.withValue(shared) { try await function() }
    try shared.end()
  }
}

/// A suite's VM, once a test has asked for it.
final class SharedHostVM: Sendable {
  @TaskLocal static var ofSuite: SharedHostVM?
  private let settings: HostVM.Settings
  private let booted = Mutex<Result<HostVM, TestFailure>?>(nil)

  init(_ settings: HostVM.Settings) { self.settings = settings }

  /// The VM of the suite that the running test is in.
  static func current() throws -> HostVM {
    guard let ofSuite else { throw TestFailure("the suite has no .hostVM(...)") }
    return try ofSuite.vm()
  }

  private func vm() throws -> HostVM {
    try booted.withLock { booted in
      let result = booted ?? Result { try HostVM(settings) }.mapError { TestFailure("\($0)") }
      booted = result
      return try result.get()
    }
  }

  func end() throws {
    guard case .success(let vm) = booted.withLock({ $0 }) else { return }
    defer { vm.end() }
    try vm.expectNoComplaints()
  }
}
