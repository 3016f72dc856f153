// Screens of KMS devices in a host VM: vkms, which has planes and vertical blanks, and virtio-gpu, which can be unplugged.
import TestSupport
import Testing

extension RealPeers.Kernel {
  @Suite(.hostVM(.screens)) struct ScreenTests {
    private static let encodings = [
      Encoding.tight, Encoding.lastRect, Encoding.desktopSize, Encoding.cursorWithAlpha, Encoding.pointerPosition,
    ]

    private static func options(_ encodings: [Int32] = Self.encodings) -> RFBTestClient.Options {
      var options = RFBTestClient.Options(Encoding.tight)
      options.encodings = encodings
      return options
    }

    /// The card node of a driver's device.
    private static func card(of driver: String, in vm: HostVM) throws -> String {
      let place = driver == "vkms" ? "platform/vkms" : "drivers/\(driver)"
      return try vm.output(
        of: "for c in /sys/class/drm/card?; do d=$(readlink -f $c/device); e=$(readlink -f $c/device/driver); "
          + "case $d$e in */\(place)*) echo /dev/dri/${c##*/};; esac; done")
    }

    /// What is on the screen: `pattern` with another over a part of it.
    private static func picture(_ number: Int, _ width: Int, _ height: Int) -> Picture {
      DrawnGuest.pattern(number, width: width, height: height)
    }

    @Test func `planes and pointer are seen as they are, and followed through modes`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "vkms", in: vm)
      let screen = try DrawnGuest(card: card, in: vm)
      try screen.draw("mode 640 480", "pattern 1", "overlay 40 30 100 80 2", "cursor 200 100 64 3")
      try vm.serve("drm:\(card)?connector=Virtual-1").use { display in
        let viewer = try display.viewer(Self.options())
        var expected = Self.picture(1, 640, 480)
        expected.draw(Self.picture(2, 100, 80), x: 40, y: 30)
        try viewer.follow(within: 60) { $0.picture == expected && $0.cursor != nil && $0.pointer != nil }
        #expect(viewer.cursor?.pixels == DrawnGuest.cursor(3, size: 64))
        #expect(viewer.pointer?.x == 200 && viewer.pointer?.y == 100)
        try screen.draw("move 7 300")
        try viewer.follow(within: 30) { $0.pointer?.x == 7 && $0.pointer?.y == 300 }
        #expect(viewer.picture == expected)
        try screen.draw("overlay 0 0 0 0 0", "cursor 0 0 0 0", "pattern 4")
        try viewer.follow(within: 30) { $0.picture == Self.picture(4, 640, 480) }
        try screen.draw("mode 800 600", "pattern 5")
        try viewer.follow(within: 60) { $0.picture == Self.picture(5, 800, 600) }
        // A screen that is off is a card; the same viewer has the picture again.
        try screen.draw("off")
        try viewer.follow(within: 30) { _ in display.command.errors.contains("is off") }
        try screen.draw("mode 640 480", "pattern 6")
        try viewer.follow(within: 60) { $0.picture == Self.picture(6, 640, 480) }
      }
    }

    @Test func `a viewer that draws no pointer gets it in the picture`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "vkms", in: vm)
      let screen = try DrawnGuest(card: card, in: vm)
      try screen.draw("mode 640 480", "fill 204060", "cursor 200 100 64 3")
      try vm.serve("drm:\(card)").use { display in
        let viewer = try display.viewer(Self.options([Encoding.raw, Encoding.desktopSize]))
        let cursor = DrawnGuest.cursor(3, size: 64)
        try viewer.follow(within: 60) { viewer in
          (0..<cursor.count).allSatisfy { index in
            let expected = cursor[index] == 0 ? 0x204060 : cursor[index] & 0xff_ffff
            return viewer.picture.at(200 + index % 64, 100 + index / 64) == expected
          }
        }
        #expect(viewer.picture.at(199, 100) == 0x204060 && viewer.picture.at(264, 164) == 0x204060)
      }
    }

    @Test func `framebuffers that take each other's numbers are told apart, and none is kept`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "vkms", in: vm)
      let screen = try DrawnGuest(card: card, in: vm)
      try screen.draw("mode 640 480", "pattern 0")
      try vm.serve("drm:\(card)").use { display in
        let id = try display.command.processID()
        do {
          let viewer = try display.viewer(Self.options())
          _ = try viewer.wholePicture()
          var numbers: [String] = []
          for number in 1...20 {
            numbers += try screen.draw("renew \(number)")
            try viewer.follow(within: 30) { $0.picture == Self.picture(number, 640, 480) }
          }
          #expect(Set(numbers).count <= 3, "\(numbers)")
          // Two descriptors of each of a dozen framebuffers at most.
          let kept = try vm.output(of: "ls -l /proc/\(id)/fd | grep -c dmabuf || true")
          #expect((1...24).contains(Int(kept) ?? 0), "\(kept)")
        }
        #expect(poll(for: 20) { (try? vm.output(of: "ls -l /proc/\(id)/fd | grep -c dmabuf || true")) == "0" })
      }
    }

    @Test func `no frame of a screen that flips is seen in parts`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "vkms", in: vm)
      let screen = try DrawnGuest(card: card, in: vm)
      try screen.draw("mode 640 480", "fill 0")
      try vm.serve("drm:\(card)").use { display in
        let viewer = try display.viewer(Self.options([Encoding.raw, Encoding.desktopSize]))
        _ = try viewer.wholePicture()
        try screen.begin("frames 4 60")
        var seen: [Int] = []
        try viewer.follow(within: 120) { viewer in
          if viewer.picture.colours == 1 { return false }
          guard let number = DrawnGuest.frameNumber(of: viewer.picture) else {
            throw TestFailure("a picture of several frames, after \(seen)")
          }
          if seen.last != number { seen.append(number) }
          return number == 60
        }
        _ = try screen.finish()
        #expect(seen == seen.sorted() && seen.count > 10, "\(seen)")
      }
    }

    @Test func `a device that comes, is unplugged and comes again is followed by one viewer`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "virtio-pci", in: vm)
      let device = try vm.output(of: "basename $(readlink -f /sys/class/drm/\(card.dropFirst(9))/device)")
      let bind = "/sys/bus/pci/drivers/virtio-pci"
      try vm.output(of: "echo \(device) >\(bind)/unbind")
      #expect(try vm.run("test -e \(card)").status == 1)
      try vm.serve("drm:\(card)").use { display in
        let viewer = try display.viewer(Self.options())
        _ = try viewer.wholePicture()
        #expect(display.command.errors.contains("There is no device \(card)."))
        for round in 1...2 {
          try vm.output(of: "echo \(device) >\(bind)/bind")
          let screen = try DrawnGuest(card: card, in: vm)
          try screen.draw("mode 800 600", "pattern \(round)")
          try viewer.follow(within: 60) { $0.picture == Self.picture(round, 800, 600) }
          try vm.output(of: "echo \(device) >\(bind)/unbind")
          screen.kill()
          try viewer.follow(within: 30) { $0.picture != Self.picture(round, 800, 600) }
          #expect(try vm.run("test -e \(card)").status == 1)
        }
        #expect(display.command.errors.split(separator: "\n").count { $0.contains("was unplugged") } == 2)
      }
      try vm.output(of: "echo \(device) >\(bind)/bind")
    }

    @Test func `nobody but root is told what to do instead of shown a picture`() throws {
      let vm = try SharedHostVM.current()
      let card = try Self.card(of: "vkms", in: vm)
      let screen = try DrawnGuest(card: card, in: vm)
      try screen.draw("mode 640 480", "pattern 1")
      try vm.output(of: "chmod 666 \(card); grep -qs nobody /etc/passwd || echo nobody:x:65534:65534::/: >>/etc/passwd")
      let display = try vm.start(
        "exec start-stop-daemon -S -c 65534:65534 -x /bin/gvt-vnc -- screenshot drm:\(card) --output /none/none.png")
      _ = try? display.wait(within: 60)
      #expect(display.errors.contains("to root only"), "\(display.output) \(display.errors)")
      try vm.output(of: "chmod 600 \(card)")
    }
  }
}

extension HostVM.Settings {
  fileprivate static let screens = {
    var settings = HostVM.Settings()
    settings.modules = ["vkms", "virtio_gpu"]
    settings.moduleParameters = ["vkms enable_overlay=1"]
    settings.devices = ["virtio-gpu-pci"]
    settings.tools = ["kms-draw"]
    settings.ports = 2
    return settings
  }()
}

extension Picture {
  /// Draws another over this one.
  fileprivate mutating func draw(_ other: Picture, x: Int, y: Int) {
    for row in 0..<other.height {
      for column in 0..<other.width {
        pixels[(y + row) * width + x + column] = other.pixels[row * other.width + column]
      }
    }
  }
}
