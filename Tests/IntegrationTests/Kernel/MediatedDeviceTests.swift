// Mediated devices of the kernel's own, captured from outside of whoever has them: both ways of showing planes.
import Foundation
import TestSupport
import Testing

/// An mdev with a display that is served of it; the guest comes and goes.
private final class MediatedDisplay {
  let vm: HostVM
  let uuid: String
  let display: HostDisplay
  var guest: DrawnGuest?

  init(_ type: String, _ options: String = "", named name: String = "vm1") throws {
    vm = try RealPeers.Kernel.vm
    uuid = try vm.makeMdev(type)
    display = try vm.serve("vfio:\(uuid)", "--name \(name) \(options)")
  }

  /// What a VMM and its guest do first.
  func start(_ orders: String...) throws {
    let guest = try DrawnGuest(uuid, in: vm)
    self.guest = guest
    for order in orders { try guest.draw(order) }
  }

  func viewer(_ encodings: Int32...) throws -> RFBTestClient {
    var options = RFBTestClient.Options(Encoding.tight)
    options.encodings += encodings
    return try display.viewer(options)
  }

  /// Removing it blocks while anybody holds it.
  func end() throws {
    guest?.kill()
    display.end()
    try vm.removeMdev(uuid)
  }

  /// Runs `body` with the server's log in any failure.
  func use(_ body: (HostDisplay) throws -> Void) throws {
    do {
      try display.use(body)
      try end()
    } catch {
      try? end()
      throw error
    }
  }

  /// What `info --planes` says.
  func planes() throws -> [[String: Any]] {
    let text = try vm.output(of: "gvt-vnc info vm1 --planes --json")
    let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return report?["planes"] as? [[String: Any]] ?? []
  }

  /// Descriptors, mappings of devices and dmabufs, and KiB of private memory of the display's process.
  func holdings() throws -> (descriptors: Int, mappings: Int, kibibytes: Int) {
    let process = try display.command.processID()
    let text = try vm.output(
      of: "ls /proc/\(process)/fd | wc -l; grep -cE 'dmabuf|vfio' /proc/\(process)/maps;"
        + " awk '/^RssAnon/ {print $2}' /proc/\(process)/status")
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    guard numbers.count == 3 else { throw TestFailure("no such process: \(text)") }
    return (numbers[0], numbers[1], numbers[2])
  }
}

extension RFBTestClient {
  /// Follows the picture until it is exactly `wanted`.
  fileprivate func follow(to wanted: Picture, within seconds: Double = 20) throws {
    try follow(within: seconds) { $0.picture.differences(from: wanted) == 0 }
  }
}

extension RealPeers.Kernel {
  @Suite struct MediatedDeviceTests {
    @Test func `a guest's dmabufs are shown pixel for pixel through its modes`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        try stage.start("mode 640 480", "pattern 1")
        try viewer.follow(to: DrawnGuest.pattern(1, width: 640, height: 480))
        try stage.guest?.draw("pattern 2")
        try viewer.follow(to: DrawnGuest.pattern(2, width: 640, height: 480))
        // A width of whole 64-byte lines that fills no whole pages.
        try stage.guest?.draw("mode 800 600", "pattern 3")
        try viewer.follow(to: DrawnGuest.pattern(3, width: 800, height: 600))
        let plane = try #require(try stage.planes().first)
        #expect(plane["format"] as? String == "XR24" && plane["importer"] as? String == "mmap")
        #expect(plane["width"] as? Int == 800 && plane["strideBytes"] as? Int == 3200)
      }
    }

    @Test func `a guest's region is shown pixel for pixel`() throws {
      let stage = try MediatedDisplay("mdpy-vga")
      try stage.use { _ in
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        try stage.start("pattern 1")
        try viewer.follow(to: DrawnGuest.pattern(1, width: 640, height: 480))
        try stage.guest?.draw("pattern 2")
        try viewer.follow(to: DrawnGuest.pattern(2, width: 640, height: 480))
        let planes = try stage.planes()
        #expect(planes.count == 1 && planes.first?["importer"] as? String == "region")
      }
    }

    @Test func `a display that goes off and on again, and a device that is reset, are followed`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        try stage.start("mode 640 480", "fill 336699")
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        let filled = Picture(width: 640, height: 480, pixels: Array(repeating: 0x336699, count: 640 * 480))
        try viewer.follow(to: filled)
        for order in ["off", "reset"] {
          try stage.guest?.draw(order)
          // A card, of more than one colour.
          try viewer.follow(within: 10) { $0.picture.colours > 2 }
          try stage.guest?.draw("mode 640 480", "fill 336699")
          try viewer.follow(to: filled)
        }
        for number in [12, 14, 19, 22] {
          try stage.guest?.draw("errno \(number)")
          try viewer.follow(within: 10) { $0.picture.colours > 2 }
          try stage.guest?.draw("errno 0")
          try viewer.follow(to: filled)
        }
        let errors = try #require(try stage.planes().first?["errors"] as? [String: Int])
        #expect(errors.count >= 4)
      }
    }

    @Test func `the guest's cursor is the viewer's, with its hot spot`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        try stage.start("mode 640 480", "fill 204060", "hotspot 5 7", "cursor 100 50 64 3")
        let viewer = try stage.viewer(Encoding.cursorWithAlpha, Encoding.pointerPosition)
        try viewer.follow { $0.cursor != nil }
        let cursor = try #require(viewer.cursor)
        #expect(cursor.width == 64 && cursor.height == 64 && cursor.hotX == 5 && cursor.hotY == 7)
        #expect(cursor.pixels == DrawnGuest.cursor(3, size: 64))
        #expect(try viewer.wholePicture().colours == 1, "it is not in the picture")
        try stage.guest?.draw("cursor 100 50 128 4")
        try viewer.follow { $0.cursor?.width == 128 }
        #expect(viewer.cursor?.pixels == DrawnGuest.cursor(4, size: 128))
        // For who cannot draw one it is in the picture, at its corner.
        let plain = try stage.viewer()
        try plain.follow { $0.picture.at(108, 50) == DrawnGuest.cursor(4, size: 128)[8] & 0xff_ffff }
        try stage.guest?.draw("move 300 200")
        try plain.follow { $0.picture.at(108, 50) == 0x204060 }
      }
    }

    @Test func `a viewer's size reaches the guest's monitor`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        try stage.start("mode 640 480", "pattern 1")
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        _ = try viewer.wholePicture()
        try viewer.setDesktopSize(width: 1280, height: 720)
        var told = ""
        let isTold = poll(for: 20) {
          told = (try? stage.guest?.draw("edid").first) ?? ""
          return told.hasPrefix("edid up") && told.hasSuffix("1280x720")
        }
        #expect(isTold, "\(told)")
        try stage.guest?.draw("mode 1280 720", "pattern 2")
        try viewer.follow(to: DrawnGuest.pattern(2, width: 1280, height: 720))
      }
    }

    @Test(arguments: ["mbochs-medium", "mdpy-vga"])
    func `detach lets go at once, and attach takes hold again`(_ type: String) throws {
      let stage = try MediatedDisplay(type)
      try stage.use { _ in
        try stage.start(type.hasPrefix("mbochs") ? "mode 640 480" : "fill 0", "pattern 5")
        let viewer = try stage.viewer()
        let pattern = DrawnGuest.pattern(5, width: 640, height: 480)
        try viewer.follow(within: 20) { $0.picture.pixels.contains(pattern.pixels[1000]) }
        try stage.vm.output(of: "gvt-vnc detach vm1")
        #expect(try stage.holdings().mappings == 0)
        let process = try stage.display.command.processID()
        #expect(try stage.vm.run("ls -l /proc/\(process)/fd | grep -q vfio").status == 1)
        try viewer.follow(within: 10) { $0.picture.colours < 3000 }
        try stage.vm.output(of: "gvt-vnc attach vm1")
        let again = try stage.viewer()
        try again.follow(to: pattern)
      }
    }

    @Test(arguments: ["mbochs-medium", "mdpy-vga"])
    func `a VM that is killed finds its device free when it is started again, and is shown again`(
      _ type: String
    ) throws {
      let stage = try MediatedDisplay(type)
      try stage.use { _ in
        let isRegion = type.hasPrefix("mdpy")
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        for turn in 1...3 {
          // Throws where the device is busy.
          try stage.start(isRegion ? "fill 0" : "mode 640 480", "pattern \(turn)")
          try viewer.follow(to: DrawnGuest.pattern(turn, width: 640, height: 480))
          stage.guest?.kill()
        }
        try viewer.follow(within: 10) { $0.picture.colours < 3000 }
      }
    }

    @Test func `an mdev can be removed as soon as its VM has ended, though somebody looks`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        try stage.start("mode 640 480", "pattern 1")
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        try viewer.follow(to: DrawnGuest.pattern(1, width: 640, height: 480))
        stage.guest?.kill()
        try stage.vm.removeMdev(stage.uuid)
        try viewer.follow(within: 10) { $0.picture.colours < 3000 }
        try stage.vm.output(
          of: "echo \(stage.uuid) >/sys/class/mdev_bus/mbochs/mdev_supported_types/mbochs-medium/create")
        try stage.start("mode 640 480", "pattern 2")
        try viewer.follow(to: DrawnGuest.pattern(2, width: 640, height: 480))
      }
    }

    @Test func `twenty-four VMs one after the other leave nothing behind in the display's process`() throws {
      let stage = try MediatedDisplay("mbochs-medium")
      try stage.use { _ in
        let viewer = try stage.viewer(Encoding.extendedDesktopSize)
        var first: (descriptors: Int, mappings: Int, kibibytes: Int)?
        // The first few make room for good: for encoders, and in malloc's arenas. One buffer kept of each would be 28 MiB.
        for turn in 1...36 {
          try stage.start("mode 640 480", "pattern \(turn)")
          try viewer.follow(to: DrawnGuest.pattern(turn, width: 640, height: 480))
          stage.guest?.kill()
          try viewer.follow(within: 10) { $0.picture.colours < 3000 }
          if turn == 12 { first = try stage.holdings() }
        }
        let (before, after) = (try #require(first), try stage.holdings())
        #expect(after.descriptors <= before.descriptors && after.mappings == 0, "\(before) \(after)")
        #expect(after.kibibytes - before.kibibytes < 2048, "\(before) \(after)")
      }
    }
  }
}
