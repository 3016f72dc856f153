// A real QEMU's screen, keys and lives through the source, with nothing between.
import Foundation
import GVTCore
import Testing

@testable import GVTDisplay

@Suite(.serialized, .tags(.peer)) struct QEMUSourceTests {
  private static let bios = ["-vga", "std", "-boot", "menu=on,splash-time=60000"]

  @Test(
    .enabled(if: QEMUInstallation.installed.isThere, "qemu-system-x86_64 is not installed"), .timeLimit(.minutes(2)))
  func `the installed QEMU is shown, typed at, reset, killed and found again`() throws {
    try live(QEMUInstallation.installed)
  }

  @Test(
    .enabled(if: QEMUInstallation.chroot.isThere, "there is no QEMU 11: run Tests/Rig/qemu11-chroot.sh as root"),
    .timeLimit(.minutes(2)))
  func `QEMU 11 is shown, typed at, reset, killed and found again`() throws {
    try live(QEMUInstallation.chroot)
  }

  private func live(_ installation: QEMUInstallation) throws {
    let machine = try QEMUMachine(installation, Self.bios)
    let watcher = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 0))
    #expect(try watcher.run(seconds: 2) { if case .waiting = watcher.source.status { true } else { false } })

    try machine.start()
    // SeaBIOS says its version and how to get the menu: two lines of text at least.
    try #require(try watcher.run(seconds: 20) { watcher.isRunning && watcher.brightRows > 20 })
    _ = try watcher.run(seconds: 1) { false }
    watcher.keepPicture("\(installation.root == nil ? 7 : 11)-bios")
    // Text mode, which QEMU 7.2 announces in no Scanout.
    #expect(watcher.store.frame.size == PixelSize(width: 720, height: 400))
    let prompt = watcher.brightRows

    watcher.press(0xff1b)
    #expect(try watcher.run(seconds: 5) { watcher.brightRows > prompt + 10 }, "the boot menu has more lines")
    watcher.keepPicture("\(installation.root == nil ? 7 : 11)-menu")

    let menu = watcher.brightRows
    try machine.control("system_reset", on: watcher.loop)
    #expect(try watcher.run(seconds: 10) { watcher.brightRows < menu }, "the reset clears the screen")
    #expect(watcher.isRunning)

    machine.kill()
    #expect(try watcher.run(seconds: 5) { if case .waiting = watcher.source.status { true } else { false } })
    #expect(watcher.source.input == nil)
    try machine.start()
    // The firmware's prompt is the same as before, row for row; the status card is not.
    try #require(
      try watcher.run(seconds: 20) { watcher.isRunning && !watcher.source.isPictureDue && watcher.brightRows == prompt }
    )
    watcher.press(0xff1b)
    #expect(try watcher.run(seconds: 5) { watcher.brightRows > prompt + 10 }, "keys work after the restart")
  }

  @Test(
    .enabled(if: QEMUInstallation.installed.isThere, "qemu-system-x86_64 is not installed"), .timeLimit(.minutes(1)))
  func `a screen that the VM does not have is said to be missing`() throws {
    let machine = try QEMUMachine(.installed, Self.bios)
    try machine.start()
    let watcher = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 3))
    #expect(
      try watcher.run(seconds: 10) {
        watcher.source.status == .failed("There is no console 3 in this VM; it has 0.")
      }, "\(watcher.source.status)")
  }

  @Test(
    .enabled(if: QEMUInstallation.installed.isThere, "qemu-system-x86_64 is not installed"), .timeLimit(.minutes(2)))
  func `another program that takes the display over is named, and the display won back`() throws {
    let machine = try QEMUMachine(.installed, Self.bios)
    try machine.start()
    let first = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 0))
    try #require(try first.run(seconds: 10) { first.isRunning && first.brightRows > 20 })
    let thief = try Watcher(QEMUSource(socketPath: machine.folderOutside + "/control", console: 0))
    try #require(
      try thief.run(seconds: 10) {
        _ = try? first.run(seconds: 0.01) { false }
        return thief.isRunning
      })
    #expect(
      try first.run(seconds: 5) {
        if case .waiting(let why) = first.source.status { why.contains("Another program") } else { false }
      }, "\(first.source.status)")
    thief.source.stop()
    #expect(try first.run(seconds: 15) { first.isRunning && first.brightRows > 20 })
  }

  @Test(
    .enabled(if: QEMUInstallation.installed.isThere, "qemu-system-x86_64 is not installed"), .timeLimit(.minutes(1)))
  func `a second client of a VM's QMP socket is told that it is the second`() throws {
    let machine = try QEMUMachine(.installed, Self.bios)
    try machine.start()
    let first = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 0))
    try #require(try first.run(seconds: 10) { first.isRunning })
    let second = try Watcher(QEMUSource(socketPath: machine.socketPath, console: 0))
    #expect(
      try second.run(seconds: 10) {
        if case .failed(let why) = second.source.status { why.contains("another program") } else { false }
      }, "\(second.source.status)")
    #expect(first.isRunning)
  }
}
