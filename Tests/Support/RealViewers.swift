// Real viewers, each told which encoding to use, and what they show.
import Glibc

/// A command line of a real viewer with a window, and where in its window the remote screen begins.
package struct WindowedViewer: Sendable, CustomStringConvertible {
  package let description: String
  let program: String
  let arguments: [String]
  let passwordOption: String
  /// True: `host::port`; false: `host:display`, which for these viewers is a port above 5900.
  let takesPort: Bool

  /// TigerVNC's viewer. `encoding` is Tight, ZRLE, Hextile or Raw; `quality` nil means no JPEG.
  package static func tiger(_ encoding: String, quality: Int? = nil) -> Self {
    let jpeg = quality.map { ["-NoJPEG=0", "-QualityLevel=\($0)"] } ?? ["-NoJPEG=1"]
    return Self(
      description: "TigerVNC \(encoding)\(quality.map { " quality \($0)" } ?? "")", program: "xtigervncviewer",
      arguments: [
        "-AutoSelect=0", "-FullColor=1", "-PreferredEncoding=\(encoding)", "-SecurityTypes=None,VncAuth", "-Shared=1",
        "-RemoteResize=0", "-ReconnectOnError=0", "-AlertOnFatalError=0", "-MenuKey=", "-geometry=+0+0",
      ] + jpeg, passwordOption: "-passwd", takesPort: true)
  }

  package static func tight(_ encodings: String, quality: Int? = nil) -> Self {
    let jpeg = quality.map { ["-quality", "\($0)"] } ?? ["-nojpeg"]
    return Self(
      description: "xtightvncviewer \(encodings)\(quality.map { " quality \($0)" } ?? "")", program: "xtightvncviewer",
      arguments: ["-shared", "-encodings", encodings, "-geometry", "+0+0"] + jpeg, passwordOption: "-passwd",
      takesPort: true)
  }

  /// The same, without a pointer of its own: the server draws the guest's into the picture. (It would else draw the
  /// shape into its window, where no window system can leave it out of a picture.)
  package static let tightWithServersPointer = Self(
    description: "xtightvncviewer, pointer drawn by the server", program: "xtightvncviewer",
    arguments: ["-shared", "-encodings", "tight", "-nojpeg", "-nocursorshape", "-geometry", "+0+0"],
    passwordOption: "-passwd", takesPort: true)

  package static let gtk = Self(
    description: "gvncviewer", program: "gvncviewer", arguments: [], passwordOption: "", takesPort: false)

  /// Starts it on `screen`. `passwordFile` holds an obfuscated password, as vncpasswd makes it.
  package func start(
    _ address: ServerAddress, on screen: VirtualScreen, passwordFile: String? = nil, in folder: TemporaryFolder
  ) throws -> RunningProgram {
    let target = takesPort ? "127.0.0.1::\(address.port)" : "127.0.0.1:\(address.port - 5900)"
    let password = passwordFile.map { [passwordOption, $0] } ?? []
    return try RunningProgram(
      program, arguments + password + [target],
      environment: ["DISPLAY": screen.name, "HOME": folder.path, "NO_AT_BRIDGE": "1"], in: folder)
  }
}

/// Password files in both forms: as we read them, and as viewers read them.
package func passwordFiles(_ password: String, in folder: TemporaryFolder) throws -> (plain: String, obfuscated: String)
{
  let number = folder.nextNumber()
  let plain = try folder.file("\(number).password", password + "\n")
  let obfuscated = folder.path("\(number).passwd")
  let made = try runToEnd("sh", ["-c", "printf '%s' \"$1\" | vncpasswd -f > \"$2\"", "sh", password, obfuscated])
  guard made.status == 0 else { throw TestFailure("vncpasswd: \(made.errors)") }
  return (plain, obfuscated)
}

/// What vncsnapshot sees. It writes JPEG only, at its best quality.
package func vncsnapshot(
  _ address: ServerAddress, _ options: [String], passwordFile: String? = nil, in folder: TemporaryFolder
) throws -> Picture {
  let file = folder.path("snapshot-\(folder.nextNumber()).jpg")
  let password = passwordFile.map { ["-passwd", $0] } ?? []
  // Numbers from 5900 upwards are ports of their own accord only below 100; this form is understood for all.
  let result = try runToEnd(
    "vncsnapshot", ["-quiet", "-quality", "100"] + password + options + ["127.0.0.1:\(address.port - 5900)", file],
    within: 30)
  guard result.status == 0 else { throw TestFailure("vncsnapshot: \(result.status) \(result.errors)") }
  return try Picture(file: file)
}

/// Runs vncdotool's commands against a display.
package func vncdo(_ address: ServerAddress, _ commands: [String], password: String? = nil) throws {
  let options = ["--nocursor", "-t", "30", "-s", "127.0.0.1::\(address.port)"] + (password.map { ["-p", $0] } ?? [])
  let result = try runToEnd(Project.vncdotool, options + commands, within: 40)
  guard result.status == 0 else { throw TestFailure("vncdo: \(result.status) \(result.errors)") }
}

extension VirtualScreen {
  /// Waits until the screen shows `expected` exactly somewhere; what it showed last if it never does.
  package func shows(_ expected: Picture, within seconds: Double = 20) throws -> (isShown: Bool, last: Picture) {
    var last = Picture(width: 1, height: 1)
    let isShown = try poll(for: seconds) {
      last = try picture()
      if last.place(of: expected) != nil { return true }
      usleep(200_000)
      return false
    }
    return (isShown, last)
  }

  /// The best PSNR against `expected` that the screen reaches within `seconds`. `sample` is a part of it that comes
  /// exactly even with JPEG, such as text: it tells where the viewer's window shows the display.
  package func likeness(
    to expected: Picture, sample: (x: Int, y: Int, width: Int, height: Int), atLeast wanted: Double,
    within seconds: Double = 20
  ) throws -> Double {
    let exact = expected.cropped(x: sample.x, y: sample.y, width: sample.width, height: sample.height)
    var best = 0.0
    _ = try poll(for: seconds) {
      let screen = try picture()
      if let place = screen.place(of: exact) {
        let (x, y) = (place.x - sample.x, place.y - sample.y)
        if x >= 0, y >= 0, x + expected.width <= screen.width, y + expected.height <= screen.height {
          let seen = screen.cropped(x: x, y: y, width: expected.width, height: expected.height)
          best = max(best, seen.psnr(to: expected))
        }
      }
      if best >= wanted { return true }
      usleep(200_000)
      return false
    }
    return best
  }
}
