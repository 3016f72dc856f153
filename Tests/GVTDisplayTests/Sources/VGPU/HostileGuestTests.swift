// Guests that do what no driver would: whatever they write, there is a picture or a card, and nothing traps.
import GVTCore
import Testing

@testable import GVTDisplay

/// A guest with free hands.
private struct HostileGuest {
  let ram: GuestRAM
  let device: VirtualGPUDevice
  let reader: VGPUPlaneReader
  let store = FrameStore(size: PixelSize(width: 64, height: 64))
  let clock = ManualClock()

  init() throws {
    ram = try GuestRAM(byteCount: 1 << 20)
    device = try VirtualGPUDevice(
      VirtualGPUConfiguration(type: InstanceType.all[4]), clock: clock,
      memory: GuestMemory(ram.region.map { [$0] } ?? []),
      table: try TranslationTable())
    reader = VGPUPlaneReader(device: device, clock: clock)
  }

  func map(_ pages: Range<Int>, to guestPage: Int = 0) {
    for page in pages {
      device.table[PageNumber(page)] = TranslationEntry(GuestAddress(UInt64((guestPage + page) * 4096)))
    }
  }

  func show(width: Int, height: Int, strideUnits: UInt32, control: UInt32? = nil, surface: UInt32 = 0) {
    let size = PixelSize(width: width, height: height)
    device[MMIO.pipeSource(.a)] = PipeSource(size).rawValue
    device[MMIO.pipeConfiguration(.a)] = 1 << 31
    device[MMIO.planeControl(.a, 1)] = control ?? PlaneControl(showing: .xrgb8888)?.rawValue ?? 0
    device[MMIO.planeStride(.a, 1)] = strideUnits
    device[MMIO.planeSize(.a, 1)] = PlaneSize(size).rawValue
    device[MMIO.planeSurface(.a, 1)] = surface
  }

  var isRunning: Bool { reader.status == .running }

  /// Captures now and after the time that a lost picture is kept.
  func settle() {
    _ = reader.capture(into: store)
    clock.advance(nanoseconds: VGPUPlaneReader.holdNanoseconds + 1)
    _ = reader.capture(into: store)
  }
}

struct HostileGuestTests {
  private let guest: HostileGuest

  init() throws {
    guest = try HostileGuest()
    guest.map(0..<200)
  }

  private func works() -> Bool {
    guest.show(width: 100, height: 50, strideUnits: 7)
    guest.settle()
    return guest.isRunning && guest.store.frame.size == PixelSize(width: 100, height: 50)
  }

  @Test(
    arguments: [
      (1, 1, 0), (65536, 65536, 1), (100, 100, 0), (100, 100, 1), (5120, 4096, 0x3ff), (5121, 8, 0xffff), (1, 4096, 1),
      (4096, 1, 256), (8192, 8192, 512),
    ] as [(Int, Int, UInt32)])
  func `absurd geometry gives a card or a picture, and the next mode works`(width: Int, height: Int, stride: UInt32) {
    #expect(works())
    guest.show(width: width, height: height, strideUnits: stride)
    guest.settle()
    if case .failed = guest.reader.status { Issue.record("a guest's mistake is not a failure") }
    #expect(works())
  }

  @Test func `a surface outside the guest's memory gives a card`() {
    #expect(works())
    guest.show(width: 64, height: 64, strideUnits: 4, surface: 0x4000_0000)
    guest.settle()
    #expect(!guest.isRunning)
    guest.map(0..<200, to: 1 << 25)
    guest.show(width: 64, height: 64, strideUnits: 4)
    guest.settle()
    #expect(!guest.isRunning)
    guest.map(0..<200)
    #expect(works())
  }

  @Test func `a surface partly outside shows what there is`() {
    guest.map(100..<200, to: 1 << 25)
    guest.ram.store([0x12_3456].span, at: GuestAddress(0))
    guest.show(width: 256, height: 250, strideUnits: 16)
    guest.settle()
    #expect(guest.isRunning)
    #expect(guest.store.frame[0, 0] == 0x12_3456 && guest.store.frame[0, 200] == 0)
  }

  @Test func `a mode change at every capture is followed`() {
    for round in 1...120 {
      guest.show(width: 16 + round % 50, height: 16 + round % 33, strideUnits: 8)
      _ = guest.reader.capture(into: guest.store)
      #expect(guest.store.frame.size == PixelSize(width: 16 + round % 50, height: 16 + round % 33))
    }
  }

  @Test func `memory that goes away leaves the last picture for a moment, then a card, then comes back`() throws {
    #expect(works())
    let region = try #require(guest.ram.region)
    guest.device.changeMemory { $0.remove(region.start..<region.end) }
    guest.reader.memoryChanged()
    #expect(guest.reader.capture(into: guest.store).isEmpty)
    #expect(guest.reader.recheckTime != nil)
    guest.settle()
    #expect(!guest.isRunning)
    guest.device.changeMemory { $0.add(region) }
    guest.reader.memoryChanged()
    #expect(works())
  }

  @Test func `a pipe that goes off and on again in time is never seen dark`() {
    #expect(works())
    guest.device[MMIO.pipeConfiguration(.a)] = 0
    #expect(guest.reader.capture(into: guest.store).isEmpty)
    guest.show(width: 100, height: 50, strideUnits: 7)
    #expect(guest.reader.capture(into: guest.store).isEmpty)
    #expect(guest.isRunning && guest.reader.recheckTime == nil)
    guest.device[MMIO.pipeConfiguration(.a)] = 0
    guest.settle()
    #expect(!guest.isRunning)
  }

  @Test func `unmapped and remapped pages are followed`() {
    #expect(works())
    guest.ram.store([0xaa_bbcc].span, at: GuestAddress(300 * 4096 % (1 << 20)))
    guest.device.table[PageNumber(0)] = TranslationEntry(GuestAddress(UInt64(300 * 4096 % (1 << 20))))
    guest.settle()
    #expect(guest.store.frame[0, 0] == 0xaa_bbcc)
  }

  @Test func `cursors of all kinds are read or ignored`() {
    #expect(works())
    for mode in 0..<64 {
      for base in [0, 0x1000, 0xffff_f000, 0x4000_0000] as [UInt32] {
        guest.device[MMIO.cursorControl(.a)] = UInt32(mode)
        guest.device[MMIO.cursorPosition(.a)] = UInt32(mode) << 26 | 0x8000
        guest.device[MMIO.cursorHotSpotX] = UInt32(mode) << 20
        guest.device[MMIO.cursorBase(.a)] = base
        _ = guest.reader.refreshCursor()
        if let image = guest.reader.cursor.image { #expect(image.size.width <= 256 && image.size.height <= 256) }
      }
    }
  }

  @Test func `random registers and entries never trap`() {
    var state: UInt64 = 42
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 20
    }
    let offsets = [
      MMIO.pipeSource(.a), MMIO.pipeConfiguration(.a), MMIO.planeControl(.a, 1), MMIO.planeStride(.a, 1),
      MMIO.planeSize(.a, 1), MMIO.planeOffset(.a, 1), MMIO.planePosition(.a, 1), MMIO.planeSurface(.a, 1),
      MMIO.cursorBase(.a), MMIO.cursorControl(.a), MMIO.planeControl(.a, 2), MMIO.planeSurface(.a, 2),
    ]
    for _ in 0..<400 {
      guest.show(width: 40, height: 40, strideUnits: 3)
      for _ in 0..<3 {
        let offset = offsets[Int(random() % UInt64(offsets.count))]
        // Small sizes too, so that some of it is a picture.
        guest.device[offset] =
          UInt32(truncatingIfNeeded: random() >> (random() % 24)) & 0x0fff_0fff | (random() & 1 == 0 ? 1 << 31 : 0)
      }
      guest.device.table[PageNumber(Int(random() % 300))] = TranslationEntry(rawValue: random() << (random() % 20))
      _ = guest.reader.capture(into: guest.store)
      _ = guest.reader.refreshCursor()
      guest.clock.advance(nanoseconds: .milliseconds(100))
    }
    guest.map(0..<200)
    guest.device[MMIO.planeControl(.a, 2)] = 0
    guest.device[MMIO.planeSurface(.a, 2)] = 0
    guest.device[MMIO.planeOffset(.a, 1)] = 0
    guest.device[MMIO.planePosition(.a, 1)] = 0
    #expect(works())
  }
}
