// A stand-in for a VMM and its guest, or for a compositor, which draws what tests can foretell: Tests/Rig/guest/vfio-draw.c
// and kms-draw.c in a host VM.

package final class DrawnGuest {
  package let command: HostCommand
  private var said = 0

  /// Opens the mdev, as QEMU does; ``HostVM/Settings/tools`` must have `vfio-draw`.
  package convenience init(_ uuid: String, in vm: HostVM) throws { try self.init("vfio-draw \(uuid)", vm) }

  /// Becomes the master of a card node, as a compositor does; ``HostVM/Settings/tools`` must have `kms-draw`.
  package convenience init(card: String, in vm: HostVM) throws { try self.init("kms-draw \(card)", vm) }

  private init(_ program: String, _ vm: HostVM) throws {
    command = try vm.start("exec \(program)")
    _ = try command.waitForLine("ready open")
  }

  deinit { command.kill() }

  /// Does what vfio-draw.c lists, such as `mode 640 480`, and gives the lines that it printed.
  @discardableResult
  package func draw(_ orders: String..., within seconds: Double = 30) throws -> [String] {
    for order in orders { try begin(order) }
    return try finish(orders.count, within: seconds)
  }

  /// Does not wait for its end; ``finish(_:within:)`` does.
  package func begin(_ order: String) throws { try command.write(order + "\n") }

  /// Waits for the end of `count` orders and gives the lines that they printed.
  package func finish(_ count: Int = 1, within seconds: Double = 30) throws -> [String] {
    if said == 0 { said = 1 }
    var printed: [String] = []
    let isOver = poll(for: seconds) {
      printed = Array(command.lines.dropFirst(said))
      return printed.count { $0.hasPrefix("ready ") } >= count || !command.isRunning
    }
    guard isOver, command.isRunning else {
      throw TestFailure("the drawing guest is not done after \(seconds) s: \(printed) \(command.errors)")
    }
    said += printed.count
    return printed.filter { !$0.hasPrefix("ready ") }
  }

  /// As a VMM dies.
  package func kill() { command.kill() }

  /// Test picture `number`, as the order `pattern` draws it.
  package static func pattern(_ number: Int, width: Int, height: Int) -> Picture {
    var picture = Picture(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width { picture.pixels[y * width + x] = pixel(number, x, y) }
    }
    return picture
  }

  /// A cursor's picture, as the order `cursor` draws it: 0xAARRGGBB.
  package static func cursor(_ number: Int, size: Int) -> [UInt32] {
    (0..<size * size).map { index in
      let (x, y) = (index % size, index / size)
      return (x ^ y) & 8 != 0 ? 0xff00_0000 | pixel(number, x, y) : 0
    }
  }

  private static func pixel(_ number: Int, _ x: Int, _ y: Int) -> UInt32 {
    func times(_ value: Int, _ factor: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: value) &* factor }
    let v = times(x, 0x9e37_79b1) &+ times(y, 0x85eb_ca6b) &+ times(number, 0xc2b2_ae35)
    return (v ^ v >> 15) & 0xff_ffff
  }

  /// The frame that a picture shows of those that the order `frames` draws (modulo 4096); nil if it is none, or parts of
  /// several.
  package static func frameNumber(of picture: Picture) -> Int? {
    let tiles = (picture.width + 31) / 32
    guard let first = picture.pixels.first else { return nil }
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let expected = first & 0xff_f000 | UInt32((y / 32 * tiles + x / 32) & 0xfff)
        if picture.pixels[y * picture.width + x] != expected { return nil }
      }
    }
    return Int(first >> 12)
  }
}
