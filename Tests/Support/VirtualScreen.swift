// An X server without a screen, for viewers to show themselves on.
import Glibc

package final class VirtualScreen {
  private let server: RunningProgram
  /// `:N`, for DISPLAY.
  package let name: String
  private let folder: TemporaryFolder

  /// Starts Xvfb on a display number that it chooses itself.
  package init(width: Int = 1400, height: Int = 1000, in folder: TemporaryFolder) throws {
    self.folder = folder
    // The number is written to descriptor 1 once the server takes connections.
    server = try RunningProgram(
      "Xvfb", ["-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp", "-noreset", "-ac"],
      in: folder)
    name = ":" + (try server.waitForLine("", within: 20))
  }

  package func end() { server.end() }

  package func run(_ program: String, _ arguments: [String]) throws -> RunningProgram {
    try RunningProgram(program, arguments, environment: ["DISPLAY": name], in: folder)
  }

  /// What the whole screen shows.
  package func picture() throws -> Picture {
    let file = folder.path("screen-\(folder.nextNumber()).ppm")
    let result = try runToEnd("import", ["-display", name, "-window", "root", "-depth", "8", "ppm:\(file)"])
    guard result.status == 0 else { throw TestFailure("import: \(result.errors)") }
    return try Picture(ppm: readBytes(file))
  }

  /// Types or clicks with xdotool.
  package func xdotool(_ arguments: String...) throws -> String {
    let result = try runToEnd("xdotool", arguments, environment: ["DISPLAY": name])
    guard result.status == 0 else { throw TestFailure("xdotool \(arguments): \(result.errors)") }
    return result.output
  }
}

extension Picture {
  /// Where `other` stands in this picture exactly, if anywhere: the viewer's window on a screen.
  package func place(of other: Picture) -> (x: Int, y: Int)? {
    guard other.width <= width, other.height <= height else { return nil }
    // Begin with a row that is unlikely to match by chance: the one with most colours of a few.
    let probe =
      stride(from: 0, to: other.height, by: max(1, other.height / 16)).max {
        Set(other.pixels[$0 * other.width..<($0 + 1) * other.width]).count
          < Set(other.pixels[$1 * other.width..<($1 + 1) * other.width]).count
      } ?? 0
    let wanted = other.pixels[probe * other.width..<(probe + 1) * other.width]
    for y in 0...height - other.height {
      let row = (y + probe) * width
      for x in 0...width - other.width where pixels[row + x..<row + x + other.width].elementsEqual(wanted) {
        if cropped(x: x, y: y, width: other.width, height: other.height) == other { return (x, y) }
      }
    }
    return nil
  }
}
