// A Linux guest on a vGPU in QEMU 11, of which there may be two at a time: one that runs, and one that waits for it.
import Foundation
import GVTCore
import TestSupport

/// One QEMU. Ends with the object.
final class MovingMachine {
  /// What may differ between two QEMUs of one VM.
  struct Shape {
    /// The vGPU's socket, as the display has it; nil for none.
    var vgpu: String? = "vm1"
    /// Behind a root port, so that it can be unplugged.
    var isPluggable = false
    var isWaiting = false
  }

  static let kernel = QEMUInstallation.cache + "/guest-6.1"
  static var isPossible: Bool {
    QEMUInstallation.chroot.isThere && FileManager.default.fileExists(atPath: kernel + "/.guest-image.done")
  }

  /// Where all sockets of a VM are: as QEMU sees it, and as we do.
  struct Place {
    let outside: String
    let inside: String

    init() throws {
      (outside, inside) = try QEMUInstallation.chroot.makeFolder()
      for file in ["vmlinuz", "initrd"] {
        try FileManager.default.copyItem(atPath: kernel + "/" + file, toPath: outside + "/" + file)
      }
    }
  }

  let place: Place
  let name: String
  private let program: RunningProgram
  private var agent: Connection?
  private var number = 0

  var qmp: String { place.outside + "/" + name + ".qmp" }

  init(_ name: String, at place: Place, _ shape: Shape, in folder: TemporaryFolder) throws {
    self.name = name
    self.place = place
    let inside = place.inside
    for end in [".qmp", ".serial"] { try? FileManager.default.removeItem(atPath: place.outside + "/" + name + end) }
    var arguments = [
      "-machine", "q35,memory-backend=m", "-accel", "tcg", "-cpu", "Nehalem", "-smp", "1", "-m", "256M", "-object",
      "memory-backend-memfd,id=m,size=256M,share=on", "-nodefaults", "-no-reboot", "-display", "none", "-vga", "none",
      "-serial", "null", "-serial", "unix:\(inside)/\(name).serial,server=on,wait=off", "-qmp",
      "unix:\(inside)/\(name).qmp,server=on,wait=off", "-kernel", inside + "/vmlinuz", "-initrd", inside + "/initrd",
      "-append", "console=ttyS0 quiet modules=i915 agent=ttyS1",
    ]
    if shape.isPluggable { arguments += ["-device", "pcie-root-port,id=rp,chassis=1,slot=1,addr=04.0"] }
    if let vgpu = shape.vgpu {
      let bus = shape.isPluggable ? #""bus":"rp","addr":"00.0""# : #""addr":"02.0""#
      arguments += [
        "-device",
        #"{"driver":"vfio-user-pci","id":"vg",\#(bus),"socket":{"type":"unix","path":"\#(inside)/\#(vgpu)"}}"#,
      ]
    }
    if shape.isWaiting { arguments += ["-incoming", "defer"] }
    let command = QEMUInstallation.chroot.command(arguments)
    program = try RunningProgram(command.program, command.arguments, in: folder)
    let (control, program) = (qmp, program)
    guard poll(for: 20, until: { FileManager.default.fileExists(atPath: control) || !program.isRunning }),
      program.isRunning
    else { throw TestFailure("QEMU does not start: \(program.errors)") }
  }

  var isRunning: Bool { program.isRunning }

  func kill() throws {
    program.signal(SIGKILL)
    _ = try program.waitForExit(within: 10)
  }

  /// Waits until the guest's agent answers.
  func boot() throws {
    guard poll(for: 120, until: { (try? run("true", within: 3)) != nil }) else {
      throw TestFailure("the guest does not boot: \(program.errors)")
    }
  }

  /// Runs a command in the guest, and gives what it printed.
  @discardableResult
  func run(_ command: String, within seconds: Double = 30) throws -> String {
    let agent = try self.agent ?? Connection(to: .unix(path: place.outside + "/" + name + ".serial"))
    self.agent = agent
    number += 1
    try agent.write(Array("\(number) \(command)\n".utf8))
    let mark = "[done \(number) "
    var text = ""
    let end = secondsNow() + seconds
    while secondsNow() < end {
      guard agent.isReadable(within: 0.2) else { continue }
      text += String(decoding: [try agent.byte()], as: UTF8.self)
      while agent.isReadable(within: 0), !text.contains(mark) {
        text += String(decoding: [try agent.byte()], as: UTF8.self)
      }
      if text.contains(mark) { return text }
    }
    throw TestFailure("the guest does not answer '\(command)': \(text.suffix(300))")
  }

  /// Starts what does not end by itself.
  func begin(_ command: String) throws { try run("(\(command)) >/dev/null 2>&1 &") }

  /// Fills the console with one of its colours.
  func paint(_ colour: ConsoleColour) throws {
    // Nothing else may draw on it.
    try run(#"printf '\033[?25l\033[4\#(colour.rawValue)m\033[2J' >/dev/tty1"#)
  }
}

/// Colours of Linux' console.
enum ConsoleColour: Int {
  case red = 1
  case green = 2
  case blue = 4

  var pixel: UInt32 {
    switch self {
    case .red: 0xaa_0000
    case .green: 0x00_aa00
    case .blue: 0x00_00aa
    }
  }
}

extension RFBTestClient {
  /// Reads on until the guest's console is of that colour.
  func follow(_ colour: ConsoleColour) throws {
    try follow(within: 60) { client in
      let picture = client.picture
      let place = picture.width * (picture.height / 2) + picture.width / 2
      return picture.width == 1024 && place < picture.pixels.count && picture.pixels[place] & 0xff_ffff == colour.pixel
    }
  }
}
