// SPECs: what they mean, what is refused and in which words, and that no text at all makes the parser trap.
import GVTCore
import GVTDisplay
import Testing
import VGPUTesting

@Suite struct SourceSpecTests {
  @Test(arguments: [
    "qemu:/run/vm1/qmp.sock", "qemu:/run/vm1/qmp.sock?console=3", "qemu:/tmp/a%20b%3Fc%25", "vgpu:demo",
    "vgpu:demo?type=i915-GVTg_V5_8", "vgpu:demo?size=800x600", "vgpu:demo?type=i915-GVTg_V4_2&size=64x4096",
    "shm:/dev/shm/x?size=64x48&format=XR24", "shm:/x?size=64x48&format=RG16&stride=200&offset=4096",
    "shm:/x?format=xwd",
  ])
  func `a SPEC in its shortest form comes back as it was`(_ text: String) throws {
    #expect(try SourceSpec(text).description == text)
  }

  @Test func `what is left out gets its default`() throws {
    #expect(try SourceSpec("qemu:/a?console=0") == .qemu(socketPath: "/a", console: 0))
    let layout = SurfaceLayout(format: .xrgb8888, size: PixelSize(width: 3, height: 2), strideBytes: 12)
    #expect(try SourceSpec("shm:/a?format=XR24&size=3x2") == .sharedMemory(path: "/a", form: .raw(layout)))
    #expect(try SourceSpec("vgpu:demo") == SourceSpec("vgpu:demo?type=i915-GVTg_V5_4"))
  }

  @Test func `percent signs are decoded in paths and values`() throws {
    #expect(try SourceSpec("qemu:/a%2Fb%20%c3%BC") == .qemu(socketPath: "/a/b ü", console: 0))
    #expect(try SourceSpec("shm:/a?format=%78wd") == .sharedMemory(path: "/a", form: .xwd))
  }

  @Test(
    arguments: [
      ("", "a SPEC begins with qemu:, vgpu:, vfio:, drm: or shm:, not \"\""),
      ("vnc:/x", "a SPEC begins with qemu:, vgpu:, vfio:, drm: or shm:, not \"vnc:\""),
      ("qemu:relative", "qemu: is followed by a path that begins with / and has at most 107 bytes, not \"relative\""),
      ("qemu:/a?console=x", "qemu: console must be a whole number from 0 to 255, not \"x\""),
      ("qemu:/a?console=-1", "qemu: console must be a whole number from 0 to 255, not \"-1\""),
      ("qemu:/a?console=256", "qemu: console must be a whole number from 0 to 255, not \"256\""),
      ("qemu:/a?head=1", "qemu: \"head\" is not a key here; allowed: console"),
      ("qemu:/a?console", "qemu: a key has the form KEY=VALUE, not \"console\""),
      ("qemu:/a?console=1&console=1", "qemu: \"console\" is given twice"),
      ("qemu:/a%", "qemu: a % in the path is followed by two hexadecimal digits; write % itself as %25"),
      ("qemu:/a%00", "qemu: the path must be UTF-8 text without zero bytes"),
      ("qemu:/a%ff", "qemu: the path must be UTF-8 text without zero bytes"),
      (
        "vgpu:nvidia",
        "vgpu: is followed by demo or by a path that begins with / and has at most 107 bytes, not \"nvidia\""
      ),
      ("vgpu:demo?size=0x0", "vgpu: size must be WIDTHxHEIGHT with each from 64 to 4096, not \"0x0\""),
      ("shm:/a?size=1x1", "shm: needs format=, one of XR24, AR24, XB24, AB24, XR30, XB30, RG16, XR15 or xwd"),
      ("shm:/a?format=XR24", "shm: needs size=WIDTHxHEIGHT"),
      (
        "shm:/a?format=C8&size=1x1",
        "shm: format must be one of XR24, AR24, XB24, AB24, XR30, XB30, RG16, XR15 or xwd, not \"C8\""
      ),
      (
        "shm:/a?format=XR24&size=9999999999999999999x1",
        "shm: size must be WIDTHxHEIGHT with each from 1 to 8192, not \"9999999999999999999x1\""
      ),
      (
        "shm:/a?format=XR24&size=10x10&stride=39",
        "shm: stride must be a whole number from 40 to 1048576, not \"39\""
      ),
      ("shm:/a?format=XR24&size=10x10&stride=42", "shm: stride must be a multiple of a pixel's 4 bytes, not 42"),
      (
        "shm:/a?format=XR24&size=10x10&offset=9223372036854775807",
        "shm: offset must be a whole number from 0 to 1099511627776, not \"9223372036854775807\""
      ),
      (
        "shm:/a?format=xwd&size=1x1",
        "shm: \"size\" is not a key with format=xwd, whose file says the rest; allowed: format"
      ),
    ])
  func `a wrong SPEC is refused in one sentence that says what is allowed`(_ text: String, _ sentence: String) {
    #expect { try SourceSpec(text) } throws: { "\($0)" == sentence }
  }

  @Test func `an unknown vGPU type is answered with those that exist`() {
    #expect { try SourceSpec("vgpu:demo?type=x") } throws: { error in
      let allowed = InstanceType.all.allSatisfy { "\(error)".contains($0.name) }
      return allowed && "\(error)".hasSuffix("not \"x\"")
    }
  }

  @Test func `a refusal is one line, whatever was typed`() {
    let long = "shm:/a?format=" + String(repeating: "A", count: 100_000)
    #expect { try SourceSpec(long) } throws: { "\($0)".count < 300 }
    #expect { try SourceSpec("vgpu:\n\u{1b}[2J") } throws: { "\($0)".unicodeScalars.allSatisfy { $0.value >= 32 } }
  }

  @Test func `no text makes the parser trap, and what it accepts it writes and reads again`() throws {
    var random = SplitMix(state: 42)
    let pieces = [
      "qemu:", "vgpu:", "vfio:", "shm:", "pid=7", "vm=a", "6d2a9f0c-4c11-4e5b-9f0e-2f6b7c1d8e90", "mdev=", "import=",
      "egl", "demo", "/a", "?", "&", "=", "%", "%2", "%41", "%00", "size=", "64x64", "x", "format=",
      "XR24", "xwd", "stride=", "platform=", "bdw", "skl", "qmp=", "guest=windows7-32", "type=i915-GVTg_V4_8",
      "connector=hdmi", "engines=complete", "offset=", "console=", "0", "4096", "99999999999999999999", "-1", "ü",
      "\u{0}", ":",
    ]
    for _ in 0..<20_000 {
      let text = (0..<random.next() % 12).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
      guard let spec = try? SourceSpec(text) else { continue }
      #expect(try SourceSpec(spec.description) == spec)
    }
  }
}

/// The same numbers every time (Steele, Lea, Flood: SplitMix64).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
