// SPECs of vGPUs that a VMM attaches.
import GVTCore
import GVTDisplay
import Testing

struct VGPUSpecTests {
  private func spec(_ text: String) throws -> VGPUSpec {
    guard case .vgpu(let spec) = try SourceSpec(text) else { throw NotAVGPU() }
    return spec
  }

  private struct NotAVGPU: Error {}

  @Test(arguments: [
    "vgpu:/run/vm1.vgpu", "vgpu:/run/vm1.vgpu?type=i915-GVTg_V5_8", "vgpu:/run/vm1.vgpu?type=i915-GVTg_V4_4",
    "vgpu:/run/vm1.vgpu?platform=kbl", "vgpu:/run/vm1.vgpu?type=i915-GVTg_V5_1&platform=cfl",
    "vgpu:/a%20b?size=1366x768&connector=hdmi&engines=complete&qmp=/run/a%26b&guest=windows7-32",
  ])
  func `a SPEC in its shortest form comes back as it was`(_ text: String) throws {
    #expect(try SourceSpec(text).description == text)
  }

  @Test func `every type and platform that go together are written and read again`() throws {
    for platform in Platform.all {
      for type in InstanceType.all where type.generation == platform.generation {
        let spec = try spec("vgpu:/a?type=\(type.name)&platform=\(platform.name)")
        #expect(spec.type == type && spec.platform.name == platform.name)
        #expect(try SourceSpec(spec.description) == .vgpu(spec))
      }
    }
  }

  @Test func `what is left out follows from the rest`() throws {
    let plain = try spec("vgpu:/a")
    #expect(plain.type.name == "i915-GVTg_V5_4" && plain.platform.name == Platform.standard(for: plain.type).name)
    #expect(plain.configuration.monitor == Monitor(preferred: PixelSize(width: 1920, height: 1200)))
    #expect(plain.configuration.engines == .wedged && plain.qmpPath == nil)
    let old = try spec("vgpu:/a?platform=bdw")
    #expect(old.type.name == "i915-GVTg_V4_4" && old.configuration.platform.deviceID == 0x1616)
    #expect(try spec("vgpu:/a?type=i915-GVTg_V4_8").platform.name == "bdw")
  }

  @Test(
    arguments: [
      (
        "vgpu:/a?platform=bdw&type=i915-GVTg_V5_4",
        "vgpu: platform bdw goes with the types i915-GVTg_V4_8, i915-GVTg_V4_4, i915-GVTg_V4_2, i915-GVTg_V4_1, "
          + "not with i915-GVTg_V5_4"
      ),
      (
        "vgpu:/a?platform=icl",
        "vgpu: platform must be one of \(Platform.all.map(\.name).joined(separator: ", ")), not \"icl\""
      ),
      (
        "vgpu:/a?guest=windows7-32&type=i915-GVTg_V5_8",
        "vgpu: a guest of windows7-32 needs one of the types i915-GVTg_V5_4, i915-GVTg_V5_2, i915-GVTg_V5_1, "
          + "not i915-GVTg_V5_8"
      ),
      ("vgpu:/a?guest=linux", "vgpu: guest must be windows7-32, not \"linux\""),
      ("vgpu:/a?connector=vga", "vgpu: connector must be one of dp, hdmi, not \"vga\""),
      ("vgpu:/a?engines=fast", "vgpu: engines must be one of wedged, complete, not \"fast\""),
      (
        "vgpu:/a?size=4096x2160",
        "vgpu: size must be WIDTHxHEIGHT with a width from 640 to 3840 and a height from 480 to 2160, "
          + "not \"4096x2160\""
      ),
      ("vgpu:/a?qmp=run", "vgpu: qmp must be a path that begins with / and has at most 107 bytes, not \"run\""),
      (
        "vgpu:/a?console=1",
        "vgpu: \"console\" is not a key here; allowed: type, platform, size, connector, engines, qmp, guest"
      ),
    ])
  func `a wrong SPEC is refused in one sentence that says what is allowed`(_ text: String, _ sentence: String) {
    #expect { try SourceSpec(text) } throws: { "\($0)" == sentence }
  }
}
