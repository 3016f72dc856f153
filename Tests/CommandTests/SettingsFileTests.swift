// Configuration files: what is read is what was written, and each mistake is told with its line, its key and what is allowed.
import GVTCore
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct SettingsFileTests {
  private static func settings(_ spec: String = "vgpu:demo", at address: String = "127.0.0.1:5900") throws
    -> DisplaySettings
  {
    DisplaySettings(source: try SourceSpec(spec), listeners: [try ListenAddress(address)])
  }

  @Test func `settings come back from their file as they were`() throws {
    var settings = try Self.settings("qemu:/run/a%20b.sock?console=1")
    #expect(try DisplaySettings(yaml: settings.yaml) == settings)
    settings.listeners.append(.unix(path: "/run/\"x\" \\ é"))
    settings.title = "Büro: #1 \"x\" \u{1f600} 'y' {a: b}"
    settings.passwordFile = "/etc/p w"
    settings.viewOnlyPasswordFile = "/etc/v"
    settings.isViewOnly = true
    settings.maxViewers = 3
    settings.maxFramesPerSecond = 10
    settings.resize = .forbid
    settings.allowsInsecure = true
    #expect(try DisplaySettings(yaml: settings.yaml) == settings)
  }

  @Test func `a file that holds only what is needed gets the defaults`() throws {
    #expect(try DisplaySettings(yaml: "source: vgpu:demo\nlisten: 127.0.0.1:5900\n") == Self.settings())
  }

  private static let good = "source: vgpu:demo\nlisten: [127.0.0.1:5900]\n"

  @Test(
    arguments: [
      ("", 1, "the key source is missing"),
      ("source: vgpu:demo\n", 1, "the key listen is missing"),
      ("- a\n", 1, "KEY: VALUE"),
      ("source: [\n", 2, "this is not YAML"),
      ("source: vgpu:demo\n\tx: y\n", 2, "this is not YAML"),
      ("source: vgpu:other\nlisten: [127.0.0.1:5900]\n", 1, "source: vgpu: is followed by demo or by a path"),
      ("source: {a: b}\nlisten: [127.0.0.1:5900]\n", 1, "source: must be a text"),
      ("source: vgpu:demo\nlisten:\n  - 127.0.0.1:5900\n  - here\n", 4, "listen: "),
      ("source: vgpu:demo\nlisten: []\n", 2, "listen: must have 1 to 16 entries, not 0"),
      ("source: vgpu:demo\nlisten: 0.0.0.0:5900\n", 2, "give a password-file, or say insecure"),
      (good + "port: 5900\n", 3, "\"port\" is not a key; allowed: source, listen, title"),
      (good + "title: a\ntitle: b\n", 3, "given twice in this file: title"),
      (good + "title: \"a\\nb\"\n", 3, "title: must be one line of text"),
      (
        good + "\n# a comment\nmax-viewers: many\n", 5,
        "max-viewers: must be a whole number from 1 to 1000, not \"many\""
      ),
      (good + "max-fps: 0\n", 3, "max-fps: must be a whole number from 1 to 240, not \"0\""),
      (good + "view-only: yes\n", 3, "view-only: must be true or false, not \"yes\""),
      (good + "resize: maybe\n", 3, "resize: must be follow or forbid, not \"maybe\""),
      (good + "password-file: secret\n", 3, "password-file: must be a path that begins with /, not \"secret\""),
    ])
  func `a mistake is told with its line, its key and what is allowed`(_ yaml: String, _ line: Int, _ words: String) {
    #expect { try DisplaySettings(yaml: yaml) } throws: { error in
      guard let failure = error as? SettingsFailure else { return false }
      return failure.line == line && failure.sentence.contains(words)
    }
  }

  @Test func `a file that is deeper or stranger than any of ours is refused, not fatal`() {
    let deep = "source: " + String(repeating: "[", count: 60_000)
    #expect(throws: SettingsFailure.self) { try DisplaySettings(yaml: deep) }
    #expect(throws: SettingsFailure.self) { try DisplaySettings(yaml: "a: &a [*a]\n") }
    #expect(throws: SettingsFailure.self) { try DisplaySettings(yaml: "\u{0}\u{fffe}") }
    #expect(throws: SettingsFailure.self) { try DisplaySettings(yaml: "? [a]\n: b\n") }
  }

  @Test(arguments: ["vm1", "A.b_c-9", String(repeating: "x", count: 64)])
  func `a name is good for a file and a command line`(_ name: String) {
    #expect(DisplayName(name)?.description == name)
  }

  @Test(arguments: ["", ".", "..", ".hidden", "-x", "a/b", "a b", "ü", "a\u{0}", String(repeating: "x", count: 65)])
  func `other names are refused`(_ name: String) {
    #expect(DisplayName(name) == nil)
  }
}
