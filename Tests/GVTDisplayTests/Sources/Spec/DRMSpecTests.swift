// SPECs of KMS devices.
import GVTCore
import GVTDisplay
import Testing

struct DRMSpecTests {
  private func spec(_ text: String) throws -> DRMSpec {
    guard case .drm(let spec) = try SourceSpec(text) else { throw NotADevice() }
    return spec
  }

  private struct NotADevice: Error {}

  @Test(arguments: [
    "drm:/dev/dri/card0", "drm:/dev/dri/card1?connector=HDMI-A-1", "drm:/dev/dri/card0?crtc=0",
    "drm:/dev/dri/by-path/pci-0000:00:02.0-card?crtc=31&node=/dev/dri/renderD128&import=egl",
    "drm:/a%20b?connector=e%26DP", "drm:/dev/dri/card0?import=i915-gtt",
  ])
  func `a SPEC in its shortest form comes back as it was`(_ text: String) throws {
    #expect(try SourceSpec(text).description == text)
  }

  @Test func `what is left out is the first screen that is lit, read in any way`() throws {
    let plain = try spec("drm:/dev/dri/card0")
    #expect(plain == DRMSpec(path: "/dev/dri/card0", screen: .first, reading: BufferReading()))
    #expect(try spec("drm:/dev/dri/card0?crtc=2").screen == .crtc(2))
    let named = try spec("drm:/dev/dri/card0?connector=DP-1&import=mmap&node=/dev/dri/renderD129")
    #expect(named.screen == .connector("DP-1") && named.reading.method == .mmap)
    #expect(named.reading.node == "/dev/dri/renderD129")
  }

  @Test(arguments: [
    ("drm:", "drm: is followed by a path that begins with / and has at most 4095 bytes, not \"\""),
    ("drm:card0", "drm: is followed by a path that begins with / and has at most 4095 bytes, not \"card0\""),
    ("drm:/d?crtc=32", "drm: crtc must be a whole number from 0 to 31, not \"32\""),
    ("drm:/d?crtc=-1", "drm: crtc must be a whole number from 0 to 31, not \"-1\""),
    ("drm:/d?crtc=99999999999999999999", "drm: crtc must be a whole number from 0 to 31, not \"99999999999999999999\""),
    ("drm:/d?crtc=0&connector=DP-1", "drm: takes connector or crtc, not both"),
    ("drm:/d?connector=", "drm: a key has the form KEY=VALUE, not \"connector=\""),
    ("drm:/d?crtc=1&crtc=1", "drm: \"crtc\" is given twice"),
    ("drm:/d?import=gtt", "drm: import must be one of mmap, egl, i915-gtt, not \"gtt\""),
    ("drm:/d?size=1x1", "drm: \"size\" is not a key here; allowed: connector, crtc, node, import"),
  ])
  func `what is wrong is told by its key`(text: String, sentence: String) {
    let failure = #expect(throws: SpecFailure.self) { try SourceSpec(text) }
    #expect(failure?.description == sentence)
  }

  @Test func `a connector's name has an end`() {
    #expect(throws: SpecFailure.self) { try SourceSpec("drm:/d?connector=" + String(repeating: "x", count: 65)) }
    #expect(throws: Never.self) { try SourceSpec("drm:/d?connector=" + String(repeating: "x", count: 64)) }
  }
}
