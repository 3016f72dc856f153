// A real Linux guest's console, seen and typed at through the source.
import Foundation
import GVTCore
import Testing

@testable import GVTDisplay

@Suite(.serialized, .tags(.peer)) struct QEMUGuestTests {
  private static let hasImage = FileManager.default.fileExists(
    atPath: QEMUInstallation.guestImage + "/.guest-image.done")

  struct Case: Sendable, CustomTestStringConvertible {
    let installation: QEMUInstallation
    let words: String
    let size: PixelSize
    var testDescription: String { "\(installation.name), \(size)" }
  }

  private static let cases: [Case] = QEMUInstallation.all.filter(\.isThere).flatMap {
    [
      Case(installation: $0, words: "quiet", size: PixelSize(width: 720, height: 400)),
      Case(installation: $0, words: "quiet modules=bochs", size: PixelSize(width: 1280, height: 800)),
    ]
  }

  @Test(
    .enabled(if: hasImage, "there is no guest: run Tests/Rig/guest-image.sh 6.1"), .timeLimit(.minutes(5)),
    arguments: cases)
  func `a guest's shell is seen, typed at and rebooted`(_ example: Case) throws {
    let machine = try example.installation.guest(example.words)
    try machine.start()
    let watcher = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 0))
    let name = "guest-\(example.installation.root == nil ? 7 : 11)-\(example.size)"
    // Six lines of text in the guest's last mode: firmware, "guest ready", the shell's greeting and its prompt.
    let isAtPrompt = { watcher.store.frame.size == example.size && watcher.brightRows >= 55 }
    try #require(try watcher.run(seconds: 90, until: isAtPrompt), "\(watcher.store.frame.size) \(watcher.brightRows)")
    _ = try watcher.run(seconds: 0.5) { false }
    watcher.keepPicture(name + "-prompt")
    let prompt = watcher.brightRows
    try watcher.type("cat /proc/cpuinfo; echo 'It Works! <{[|~]}>'\n")
    #expect(try watcher.run(seconds: 10) { watcher.brightRows > prompt + 60 })
    _ = try watcher.run(seconds: 0.5) { false }
    watcher.keepPicture(name + "-typed")
    #expect(watcher.source.cursor.position == nil, "the tablet's position is the viewer's business")
    let typed = watcher.brightRows
    try watcher.type("clear; reboot -f\n")
    #expect(try watcher.run(seconds: 30) { watcher.brightRows < min(typed / 2, 55) })
    #expect(try watcher.run(seconds: 90, until: isAtPrompt), "\(watcher.store.frame.size) \(watcher.brightRows)")
    #expect(watcher.isRunning)
  }
}
