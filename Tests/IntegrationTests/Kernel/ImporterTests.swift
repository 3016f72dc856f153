// Dmabufs that no CPU can map, read by a GPU: a real kernel, Debian's Mesa, and rigpu (Tests/Rig/rigpu), which gets at a
// dmabuf's memory as a GPU does.
import Foundation
import TestSupport
import Testing

extension HostVM.Settings {
  private static let libraries = "/usr/lib/x86_64-linux-gnu/"
  static let egl = libraries + "libEGL.so.1"

  /// What Debian's packages libegl1, libegl-mesa0, libgbm1 and libgl1-mesa-dri have of what software drawing needs. Not
  /// the folder of drivers: it is one file under many names.
  private static let mesa =
    [egl, "libEGL_mesa.so.0", "libgbm.so.1", "dri/kms_swrast_dri.so"].map { $0.hasPrefix("/") ? $0 : libraries + $0 }
    + ["/usr/share/glvnd/egl_vendor.d/50_mesa.json"]

  /// The bundle that this test is in.
  private static var tests: String {
    var own = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &own, own.count - 1)
    return String(decoding: own.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
  static var bundle: String { String(tests.split(separator: "/").last ?? "") }

  static let withMesa = {
    var settings = HostVM.Settings()
    settings.modules += ["udmabuf", "vkms", "rigpu"]
    settings.tools = ["vfio-draw"]
    settings.programs += [tests]
    settings.files = mesa
    settings.megabytes = 3000
    return settings
  }()

  static var missingMesa: String? {
    mesa.first { access($0, R_OK) != 0 }.map { "\($0) is missing: install what .ci/packages test names" }
  }
}

/// A vGPU whose dmabufs refuse mmap, as KVMGT's do, with a display that is to read them by a node.
private final class UnmappableDisplay {
  private static let parameters = "/sys/module/mbochs_fixed/parameters/"
  let vm: HostVM
  let guest: DrawnGuest
  let display: HostDisplay
  private let uuid: String

  /// `device` is the platform device whose card node reads.
  init(readBy device: String, _ orders: String...) throws {
    let vm = try SharedHostVM.current()
    self.vm = vm
    try vm.output(of: "echo 1 >\(Self.parameters)nommap; echo 1 >\(Self.parameters)gvt")
    let node = "/dev/dri/" + (try vm.output(of: "ls /sys/devices/platform/\(device)/drm | grep card"))
    uuid = try vm.makeMdev("mbochs-medium")
    guest = try DrawnGuest(uuid, in: vm)
    for order in orders { try guest.draw(order) }
    display = try vm.serve("vfio:\(uuid)?node=\(node)", "--name vm1")
  }

  func viewer(_ encodings: Int32...) throws -> RFBTestClient {
    var options = RFBTestClient.Options(Encoding.tight, Encoding.extendedDesktopSize)
    options.encodings += encodings
    return try display.viewer(options)
  }

  /// Runs `body` with the server's log in any failure, and leaves the VM as it was.
  func use(_ body: (HostDisplay) throws -> Void) throws {
    defer {
      guest.kill()
      display.end()
      _ = try? vm.removeMdev(uuid)
      _ = try? vm.run("echo 0 >\(Self.parameters)nommap; echo 0 >\(Self.parameters)gvt")
    }
    try display.use(body)
  }

  /// Whether `info --planes` says so, in a while: a display that draws its first card is slow to answer.
  func tells(_ words: String) -> Bool {
    poll(for: 40) { (try? vm.output(of: "gvt-vnc info vm1 --planes --json").contains(words)) == true }
  }

  /// What `info --planes` says of the picture's plane.
  func plane() throws -> [String: Any] {
    let text = try vm.output(of: "gvt-vnc info vm1 --planes --json")
    let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (report?["planes"] as? [[String: Any]])?.first { $0["kind"] as? String == "primary" } ?? [:]
  }
}

extension RFBTestClient {
  /// Follows the picture until it is exactly `wanted`.
  fileprivate func follow(to wanted: Picture) throws {
    try follow(within: 30) { $0.picture.differences(from: wanted) == 0 }
  }
}

extension RealPeers {
  @Suite(
    .needsHostVM, .enabled(if: HostVM.Settings.missingMesa == nil, "\(HostVM.Settings.missingMesa ?? "")"),
    .hostVM(.withMesa))
  struct ImporterTests {
    @Test func `the unit tests of reading with a GPU pass where there is one`() throws {
      let vm = try SharedHostVM.current()
      let result = try vm.run(
        "\(HostVM.Settings.bundle) --testing-library swift-testing --filter GPUReadTests --skip IntegrationTests",
        within: 200)
      let said = result.output + result.errors
      #expect(result.status == 0, "\(said.suffix(4000))")
      let passed = said.split(separator: "\n").filter { $0.contains("passed after") }
      for words in ["every pixel is right", "finds out late", "three hundred imports"] {
        #expect(passed.contains { $0.contains(words) }, "\(said.suffix(3000))")
      }
    }

    @Test func `pictures and cursors that no CPU can map are exact through VNC`() throws {
      let stage = try UnmappableDisplay(readBy: "rigpu", "mode 640 480", "pattern 1")
      try stage.use { _ in
        let viewer = try stage.viewer(Encoding.cursorWithAlpha)
        for number in 1...3 {
          try stage.guest.draw("pattern \(number)")
          try viewer.follow(to: DrawnGuest.pattern(number, width: 640, height: 480))
        }
        #expect(try stage.plane()["importer"] as? String == "egl")
        try stage.guest.draw("mode 800 600", "pattern 4")
        try viewer.follow(to: DrawnGuest.pattern(4, width: 800, height: 600))
        try stage.guest.draw("hotspot 5 7", "cursor 100 50 64 3")
        try viewer.follow(within: 20) { $0.cursor?.pixels == DrawnGuest.cursor(3, size: 64) }
        #expect(viewer.cursor?.hotX == 5 && viewer.cursor?.hotY == 7)
      }
    }

    @Test func `a guest that flips between buffers is never shown an older picture after a newer one`() throws {
      let stage = try UnmappableDisplay(readBy: "rigpu", "mode 640 480", "fill 0")
      try stage.use { _ in
        let viewer = try stage.viewer()
        _ = try viewer.wholePicture()
        try stage.guest.begin("frames 3 10 60")
        var seen: [Int] = []
        try viewer.follow(within: 60) { viewer in
          if let number = DrawnGuest.frameNumber(of: viewer.picture) { seen.append(number) }
          return (seen.last ?? 0) >= 58
        }
        _ = try stage.guest.finish()
        #expect(seen == seen.sorted() && Set(seen).count > 5, "\(seen)")
      }
    }

    @Test func `a driver that finds out late that it cannot read is told of, not shown as black`() throws {
      let stage = try UnmappableDisplay(readBy: "vkms", "mode 640 480", "pattern 1")
      try stage.use { display in
        let viewer = try stage.viewer()
        try viewer.follow(within: 40) { $0.picture.colours > 2 }
        #expect(stage.tells("GL_OUT_OF_MEMORY"))
        #expect(viewer.picture.differences(from: DrawnGuest.pattern(1, width: 640, height: 480)) > 1000)
        #expect(display.command.isRunning)
      }
    }

    @Test func `without graphics libraries the display says which to install`() throws {
      let vm = try SharedHostVM.current()
      let (library, away) = (HostVM.Settings.egl, HostVM.Settings.egl + ".away")
      try vm.output(of: "mv \(library) \(away)")
      defer { _ = try? vm.run("mv \(away) \(library)") }
      let stage = try UnmappableDisplay(readBy: "rigpu", "mode 640 480", "pattern 1")
      try stage.use { display in
        let viewer = try stage.viewer()
        try viewer.follow(within: 40) { $0.picture.colours > 2 }
        #expect(stage.tells("libegl1"))
        #expect(display.command.isRunning)
        // It recovers by itself when they are there.
        try vm.output(of: "mv \(away) \(library)")
        try viewer.follow(to: DrawnGuest.pattern(1, width: 640, height: 480))
        try vm.output(of: "mv \(library) \(away)")
      }
    }
  }
}
