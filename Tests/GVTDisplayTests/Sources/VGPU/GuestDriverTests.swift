// The demo's driver: pictures arrive pixel for pixel, nothing is drawn where it is being shown, off comes before on.
import GVTCore
import Testing

@testable import GVTDisplay

struct GuestDriverTests {
  private let type: InstanceType
  private let ram: GuestRAM
  private let device: VirtualGPUDevice
  private let journal: Journal

  /// What the display side could have seen at each effect.
  private final class Journal: Sendable {
    let states = Locked([String]())
    let device = Locked<VirtualGPUDevice?>(nil)

    func note(_ effect: VirtualGPU.Effect) {
      guard let device = device.withLock({ $0 }) else { return }
      let scan = device.scanOut(of: .a)
      guard let picture = scan.pictures.first else { return states.withLock { $0.append("dark") } }
      let isWhole = device.pages(of: picture).allSatisfy { $0 != nil }
      let fits = scan.size == picture.layout.size
      states.withLock { $0.append(isWhole && fits ? "whole" : "broken") }
    }
  }

  init() throws {
    type = try InstanceType(named: "i915-GVTg_V5_8")
    ram = try GuestRAM(byteCount: 8 << 20)
    let journal = Journal()
    device = try VirtualGPUDevice(
      VirtualGPUConfiguration(type: type), memory: GuestMemory(ram.region.map { [$0] } ?? []),
      table: try TranslationTable(),
      onEffect: { journal.note($0) })
    journal.device.withLock { [device] in $0 = device }
    self.journal = journal
  }

  private func noise(_ size: PixelSize, _ seed: UInt32) -> Canvas {
    var state = seed
    return Canvas(
      size: size,
      pixels: (0..<size.area).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return state >> 8
      })
  }

  private func turnOn(_ driver: inout GuestDriver, _ canvas: Canvas) throws {
    let isOn = driver.setMode(showing: canvas)
    try #require(isOn)
  }

  private func turnAway(_ driver: inout GuestDriver, _ canvas: Canvas) throws {
    let isOn = driver.setMode(showing: canvas)
    try #require(!isOn)
  }

  private func shown() throws -> (PlaneDescription, [UInt32]) {
    let picture = try #require(device.scanOut(of: .a).pictures.first)
    return (picture, try pixels(of: picture))
  }

  private func pixels(of picture: PlaneDescription) throws -> [UInt32] {
    var views = PlaneViews()
    let buffer = try #require(try views.buffer(of: picture, in: device))
    return try buffer.pixels(picture.layout)
  }

  @Test func `pictures reach the plane pixel for pixel, and the one on the screen is never drawn over`() throws {
    var driver = GuestDriver(device: device, ram: ram)
    let size = PixelSize(width: 219, height: 101)
    var canvas = noise(size, 1)
    try turnOn(&driver, canvas)
    #expect(try shown().1 == canvas.pixels)
    for round in 0..<7 {
      let (before, old) = try shown()
      let rect = PixelRect(x: round * 11, y: round * 7, width: 90, height: 40)
      canvas.copy(
        noise(PixelSize(width: rect.width, height: rect.height), UInt32(round) + 5),
        at: PixelPoint(x: rect.x, y: rect.y))
      driver.present(canvas, dirty: [rect])
      let (after, new) = try shown()
      #expect(after.address != before.address)
      #expect(new == canvas.pixels)
      #expect(try pixels(of: before) == old)
    }
  }

  @Test func `a mode change goes dark in between and never shows half a mode`() throws {
    var driver = GuestDriver(device: device, ram: ram)
    try turnOn(&driver, noise(PixelSize(width: 64, height: 64), 1))
    try turnOn(&driver, noise(PixelSize(width: 333, height: 77), 2))
    let states = journal.states.withLock { $0 }
    #expect(!states.contains("broken"))
    #expect(states.last == "whole")
    let collapsed = states.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    #expect(collapsed == ["dark", "whole", "dark", "whole"] || collapsed == ["whole", "dark", "whole"])
  }

  @Test func `modes can change for ever, and one that does not fit leaves the screen off`() throws {
    var driver = GuestDriver(device: device, ram: ram)
    for round in 1...200 {
      try turnOn(&driver, Canvas(size: PixelSize(width: 16 + round, height: 600 - round)))
    }
    try turnAway(&driver, Canvas(size: PixelSize(width: 2000, height: 1000)))
    #expect(device.scanOut(of: .a).state == .off)
    try turnOn(&driver, Canvas(size: PixelSize(width: 64, height: 64)))
  }

  @Test func `pages are scattered`() throws {
    var driver = GuestDriver(device: device, ram: ram)
    try turnOn(&driver, Canvas(size: PixelSize(width: 256, height: 256)))
    let picture = try #require(device.scanOut(of: .a).pictures.first)
    let offsets = device.pages(of: picture).compactMap { $0?.fileOffset }
    let neighbours = zip(offsets, offsets.dropFirst()).filter { $1 == $0 + 4096 }.count
    #expect(offsets.count == 64 && Set(offsets).count == 64 && neighbours < 4)
  }

  @Test func `vblanks interrupt only while they are wanted`() throws {
    let driver = GuestDriver(device: device, ram: ram)
    var program = driver
    try turnOn(&program, Canvas(size: PixelSize(width: 64, height: 64)))
    #expect(device.nextDeadline == nil)
    driver.wantVblanks(true)
    #expect(device.waitForInterrupt(until: MonotonicClock().now + .milliseconds(500)))
    driver.wantVblanks(false)
    driver.handleInterrupt()
    #expect(device.nextDeadline == nil)
    #expect(!device.waitForInterrupt(until: MonotonicClock().now + .milliseconds(40)))
  }

  @Test(arguments: InstanceType.all.map(\.name))
  func `each type holds its own resolution and refuses absurd ones`(name: String) throws {
    let type = try InstanceType(named: name)
    #expect(GuestDriver.isPossible(type.resolution, on: type))
    for size in [(0, 0), (15, 400), (65535, 65535), (-5, 10), (5121, 100)] {
      #expect(!GuestDriver.isPossible(PixelSize(width: size.0, height: size.1), on: type))
    }
  }
}
