// A real QEMU for tests: started, spoken to over a second QMP socket, killed.
import Foundation
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

extension Tag {
  /// Needs a program of somebody else's.
  @Tag static var peer: Self
}

/// Which QEMU, and how its paths look from inside and outside.
struct QEMUInstallation: Sendable, CustomTestStringConvertible {
  let name: String
  /// The root that QEMU runs in; nil for ours.
  let root: String?
  var testDescription: String { name }

  private static let binary = "/usr/bin/qemu-system-x86_64"
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let cache = repository.appending(path: ".cache").path

  static let installed = QEMUInstallation(name: "the installed QEMU", root: nil)
  /// Made by Tests/Rig/qemu11-chroot.sh.
  static let chroot = QEMUInstallation(name: "QEMU 11 in its chroot", root: cache + "/qemu11")
  static let all = [installed, chroot]

  var isThere: Bool {
    guard let root else { return FileManager.default.isExecutableFile(atPath: Self.binary) }
    return geteuid() == 0 && FileManager.default.fileExists(atPath: root + "/.qemu11-chroot.done")
  }

  /// Made by Tests/Rig/guest-image.sh 6.1.
  static let guestImage = cache + "/guest-6.1"

  /// Boots the guest of ``guestImage``; `words` go to the kernel.
  func guest(_ words: String) throws -> QEMUMachine {
    let machine = try QEMUMachine(
      self,
      [
        "-vga", "std", "-usb", "-device", "usb-tablet", "-kernel", "%/vmlinuz", "-initrd", "%/initrd", "-append",
        words,
      ])
    for file in ["vmlinuz", "initrd"] {
      try FileManager.default.copyItem(
        atPath: Self.guestImage + "/" + file, toPath: machine.folderOutside + "/" + file)
    }
    return machine
  }

  /// A folder for sockets that both sides reach: its path from outside, and from inside.
  func makeFolder() throws -> (outside: String, inside: String) {
    let inside = "/tmp/gvt-\(UInt32.random(in: 0...UInt32.max))"
    let outside = (root ?? "") + inside
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    return (outside, inside)
  }

  func command(_ arguments: [String]) -> (program: String, arguments: [String]) {
    guard let root else { return (Self.binary, arguments) }
    return ("/usr/sbin/chroot", [root, Self.binary] + arguments)
  }
}

/// One VM. Dies with the object.
final class QEMUMachine {
  private let installation: QEMUInstallation
  private let folder: (outside: String, inside: String)
  private let arguments: [String]
  private var process: Process?

  /// The QMP socket for the source under test.
  var socketPath: String { folder.outside + "/qmp" }
  var folderOutside: String { folder.outside }

  init(_ installation: QEMUInstallation, _ arguments: [String]) throws {
    self.installation = installation
    folder = try installation.makeFolder()
    self.arguments = arguments
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(atPath: folder.outside)
  }

  func start() throws {
    let common = [
      "-accel", "tcg", "-m", "256", "-nodefaults", "-display", "dbus,p2p=yes",
      "-qmp", "unix:\(folder.inside)/qmp,server=on,wait=off", "-qmp",
      "unix:\(folder.inside)/control,server=on,wait=off",
    ]
    // % stands for the machine's folder as QEMU sees it.
    let own = arguments.map { $0.hasPrefix("%") ? folder.inside + $0.dropFirst() : $0 }
    let command = installation.command(common + own)
    let process = Process()
    process.executableURL = URL(filePath: command.program)
    process.arguments = command.arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: "/dev/null")
    try process.run()
    self.process = process
  }

  /// `kill -9`.
  func kill() {
    guard let process else { return }
    if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    self.process = nil
  }

  /// Runs a QMP command on the socket that the source does not use.
  func control(_ command: String, on loop: EventLoop) throws {
    var isDone = false
    let connection = try QMPConnection(
      path: folder.outside + "/control", on: loop,
      events: .init(ready: { _ in isDone = true }, event: { _ in }, ended: { _ in }))
    try wait(for: loop) { isDone }
    isDone = false
    connection.execute(command) { _ in isDone = true }
    try wait(for: loop) { isDone }
    connection.close()
  }

  private func wait(for loop: EventLoop, _ condition: () -> Bool) throws {
    for _ in 0..<200 where !condition() { try loop.turn(waitingAtMost: .milliseconds(10)) }
  }
}

/// A source and a frame, and eyes to look at it with.
final class Watcher {
  let loop: EventLoop
  let source: QEMUSource
  let store = FrameStore(size: PixelSize(width: 640, height: 480))
  private var hasNews = true
  var statuses: [SourceStatus] = []

  init(_ source: QEMUSource) throws {
    loop = try EventLoop()
    self.source = source
    let events = SourceEvents(
      pictureChanged: { [weak self] in self?.hasNews = true }, cursorChanged: {},
      statusChanged: { [weak self] in
        guard let self else { return }
        statuses.append(self.source.status)
      }, lightsChanged: { _ in })
    source.start(on: loop, events: events)
    source.setWatched(true)
  }

  deinit { source.stop() }

  /// Runs until `condition` holds; false after so many seconds.
  func run(seconds: Double, until condition: () -> Bool) throws -> Bool {
    let end = loop.now + Int64(seconds * 1e9)
    while loop.now < end {
      try loop.turn(waitingAtMost: .milliseconds(20))
      if hasNews {
        hasNews = false
        _ = source.capture(into: store)
      }
      if condition() { return true }
    }
    return false
  }

  func press(_ keysym: UInt32) {
    let router = InputRouter(sink: source.input)
    router.key(KeyPress(keysym: keysym, isDown: true), from: ViewerID(number: 1))
    router.key(KeyPress(keysym: keysym, isDown: false), from: ViewerID(number: 1))
  }

  /// Types on a keyboard that only knows characters.
  func type(_ text: String) throws {
    for scalar in text.unicodeScalars {
      press(scalar == "\n" ? 0xff0d : scalar.value)
      _ = try run(seconds: 0.02) { false }
    }
  }

  /// How many of the picture's rows have a bright pixel.
  var brightRows: Int {
    (0..<store.frame.size.height).count { y in
      (0..<store.frame.size.width).contains { store.frame[$0, y] & 0x808080 != 0 }
    }
  }

  var isRunning: Bool { source.status == .running }

  /// Writes the picture to a PPM file, where GVT_TEST_PICTURES names a folder for it.
  func keepPicture(_ name: String) {
    guard let folder = ProcessInfo.processInfo.environment["GVT_TEST_PICTURES"] else { return }
    var bytes = Data("P6 \(store.frame.size.width) \(store.frame.size.height) 255\n".utf8)
    for y in 0..<store.frame.size.height {
      for x in 0..<store.frame.size.width {
        let pixel = store.frame[x, y]
        bytes += [UInt8(pixel >> 16 & 0xff), UInt8(pixel >> 8 & 0xff), UInt8(pixel & 0xff)]
      }
    }
    try? bytes.write(to: URL(filePath: folder).appending(path: name + ".ppm"))
  }
}
