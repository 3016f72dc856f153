// SPECs of hardware vGPUs of VMs that run.
import GVTDisplay
import Testing

struct VFIOSpecTests {
  private static let uuid = "6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90"

  private func spec(_ text: String) throws -> VFIOSpec {
    guard case .vfio(let spec) = try SourceSpec(text) else { throw NotVFIO() }
    return spec
  }

  private struct NotVFIO: Error {}

  @Test(arguments: [
    "vfio:\(uuid)", "vfio:pid=1234", "vfio:vm=windows-10", "vfio:vm=a%20b%3F", "vfio:pid=1?mdev=\(uuid)",
    "vfio:vm=x?mdev=\(uuid)&qmp=/run/a%26b&node=/dev/dri/renderD128&import=i915-gtt", "vfio:\(uuid)?import=egl",
  ])
  func `a SPEC in its shortest form comes back as it was`(_ text: String) throws {
    #expect(try SourceSpec(text).description == text)
  }

  @Test func `what is left out is left to be found`() throws {
    let plain = try spec("vfio:" + Self.uuid.uppercased())
    #expect(plain == VFIOSpec(target: .device(uuid: Self.uuid)))
    #expect(plain.mdev == nil && plain.qmpPath == nil && plain.reading == BufferReading())
    #expect(try spec("vfio:pid=7?mdev=\(Self.uuid.uppercased())").mdev == Self.uuid)
  }

  @Test(
    arguments: [
      (
        "vfio:card0",
        "vfio: is followed by a vGPU's UUID such as \(uuid), by pid=NUMBER or by vm=NAME, not \"card0\""
      ),
      ("vfio:pid=0", "vfio:pid= is followed by a process's number, not \"0\""),
      ("vfio:pid=99999999999", "vfio:pid= is followed by a process's number, not \"99999999999\""),
      ("vfio:pid=-1", "vfio:pid= is followed by a process's number, not \"-1\""),
      ("vfio:vm=", "vfio:vm= is followed by a VM's name"),
      ("vfio:pid=1?mdev=7", "vfio: mdev must be a UUID such as \(uuid), not \"7\""),
      ("vfio:pid=1?import=gpu", "vfio: import must be one of mmap, egl, i915-gtt, not \"gpu\""),
      ("vfio:pid=1?qmp=run", "vfio: qmp must be a path that begins with / and has at most 107 bytes, not \"run\""),
      ("vfio:pid=1?console=1", "vfio: \"console\" is not a key here; allowed: mdev, qmp, node, import"),
      ("vfio:\(uuid)?mdev=\(uuid)", "vfio: \"mdev\" is not a key here; allowed: mdev, qmp, node, import"),
    ])
  func `a wrong SPEC is refused in one sentence that says what is allowed`(_ text: String, _ sentence: String) {
    #expect { try SourceSpec(text) } throws: { "\($0)" == sentence }
  }
}
