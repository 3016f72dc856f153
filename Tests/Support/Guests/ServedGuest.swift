// A guest, the display that serves its vGPU and accounts it apart from all others on this machine, and their log.
import Glibc

package final class ServedGuest {
  package let guest: VGPUGuest
  package let display: ServedDisplay
  private let options: String
  private let font: ConsoleFont
  private var lastViewer: RFBTestClient?
  private let folder: TemporaryFolder
  /// Where its vGPU is accounted: `GVT_VNC_RUN` for commands that ask for it.
  package var runFolder: String { folder.path("run") }

  /// Serves a vGPU and starts a guest on it. `options` are the SPEC's, as in `platform=bdw&connector=hdmi`.
  package init(_ settings: VGPUGuest.Settings, _ options: String, arguments: [String] = []) throws {
    self.options = options
    font = try ConsoleFont(settings.kernel.folder + "/font.psf")
    folder = try TemporaryFolder()
    guest = try VGPUGuest(settings)
    display = try ServedDisplay(
      guest.spec(options), arguments, environment: ["GVT_VNC_RUN": folder.path("run")], in: folder)
    let path = guest.socketPath
    guard poll(for: 10, until: { Glibc.access(path, F_OK) == 0 }) else {
      throw TestFailure("the vGPU does not listen: \(display.program.errors)")
    }
    try guest.start()
  }

  deinit {
    guest.kill()
    display.end()
  }

  /// A viewer that gets exact pixels, the pointer apart from them, and may resize.
  package func viewer() throws -> RFBTestClient {
    let viewer = try RFBTestClient(
      display.address,
      .init(Encoding.tight, Encoding.extendedDesktopSize, Encoding.desktopSize, Encoding.cursorWithAlpha))
    lastViewer = viewer
    return viewer
  }

  /// Follows the viewer's picture until it is as it should be; `what` is said if that does not come.
  package func see(
    _ what: String, _ viewer: RFBTestClient, within seconds: Double, _ condition: (RFBTestClient) throws -> Bool
  ) throws {
    do { try viewer.follow(within: seconds, until: condition) } catch { throw TestFailure("\(what): \(error)") }
  }

  /// The viewer's picture as lines of the guest's console.
  package func consoleLines(_ viewer: RFBTestClient) -> [String] { font.lines(in: viewer.picture) }

  /// Writes a picture to a file, where GVT_TEST_PICTURES names a folder for it.
  package func keepPicture(_ picture: Picture, _ name: String) {
    guard let folder = getenv("GVT_TEST_PICTURES") else { return }
    let file = "\(guest.settings.kernel.rawValue)-\(options)-\(name).ppm"
    try? picture.write(to: "\(String(cString: folder))/\(file)")
  }

  /// Runs `body`; what the server and the guest said is part of any failure.
  package func use<Result>(_ body: (ServedGuest) throws -> Result) throws -> Result {
    do {
      let result = try body(self)
      guard display.program.isRunning else { throw TestFailure("the server ended during the test") }
      return result
    } catch {
      if let lastViewer { keepPicture(lastViewer.picture, "failed") }
      throw TestFailure(
        """
        \(error)
        console as seen: \(lastViewer.map { consoleLines($0).filter { !$0.isEmpty }.suffix(12) } ?? [])
        server, status \(String(describing: display.program.exitStatus)): \(display.program.errors.suffix(2000))
        guest: \(guest.consoleLog.suffix(2000))
        """)
    }
  }
}
