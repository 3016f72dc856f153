// Planes over planes: where each goes, what cannot be shown, and the pointer.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

struct DRMPlaneTests {
  private static let overlay = FakeKMSDevice.overlayID
  private static let primary = FakeKMSDevice.primaryID
  private static let cursor = FakeKMSDevice.cursorID

  private static func withOverlay(
    _ colour: UInt32 = 0xff00_ff00, _ code: FourCC = "XR24"
  ) throws -> (FakeKMSDevice, DRMBench) {
    let device = try FakeKMSDevice.lit()
    device.add(101, .init(buffer: try FakeBuffer(PixelSize(width: 8, height: 6), colour), code: code))
    device.show(101, on: overlay, at: PixelPoint(x: 10, y: 20))
    return (device, try DRMBench(device))
  }

  @Test func `an overlay is where its plane is`() throws {
    let (device, bench) = try Self.withOverlay()
    bench.capture()
    #expect(bench.store.frame[10, 20] == 0x00ff00 && bench.store.frame[17, 25] == 0x00ff00)
    #expect(bench.store.frame[9, 20] == 0x102030 && bench.store.frame[18, 25] == 0x102030)
    #expect(bench.plane(.overlay)?.x == 10 && bench.plane(.overlay)?.y == 20)
    device.show(101, on: Self.overlay, at: PixelPoint(x: -4, y: 45))
    bench.capture()
    #expect(bench.store.frame[3, 47] == 0x00ff00 && bench.store.frame[4, 47] == 0x102030)
    #expect(bench.store.frame[10, 20] == 0x102030)
  }

  @Test func `an overlay's alpha counts, unless it is told not to`() throws {
    let (device, bench) = try Self.withOverlay(0x8000_8000, "AR24")
    bench.capture()
    // 0x102030 seen through half of 0x008000.
    #expect(bench.store.frame[12, 22] & 0xff == 0x18 && bench.store.frame[12, 22] >> 8 & 0xff == 0x90)
    device.set(Self.overlay, [.blendMode: 2])
    bench.capture()
    #expect(bench.store.frame[12, 22] == 0x008000)
  }

  @Test func `the order of planes is that of their zpos`() throws {
    let (device, bench) = try Self.withOverlay()
    device.set(Self.overlay, [.zpos: 1])
    device.set(Self.primary, [.zpos: 2])
    bench.capture()
    #expect(bench.store.frame[12, 22] == 0x102030)
    device.set(Self.primary, [.zpos: 0])
    bench.capture()
    #expect(bench.store.frame[12, 22] == 0x00ff00)
  }

  @Test func `a part of a larger framebuffer is shown`() throws {
    let device = try FakeKMSDevice.lit()
    let wide = try FakeBuffer(PixelSize(width: 100, height: 60), 0)
    try wide.paint { x, y in UInt32(x << 8 | y) }
    device.add(101, .init(buffer: wide))
    device.show(101, on: Self.primary)
    device.set(
      Self.primary,
      [
        .sourceX: 30 << 16, .sourceY: 5 << 16, .sourceWidth: 64 << 16, .sourceHeight: 48 << 16, .crtcWidth: 64,
        .crtcHeight: 48,
      ])
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.store.frame[0, 0] == 30 << 8 | 5 && bench.store.frame[63, 47] == 93 << 8 | 52)
  }

  @Test func `a driver that tells no positions has its primary plane panned by its CRTC`() throws {
    let device = try FakeKMSDevice.lit()
    let wide = try FakeBuffer(PixelSize(width: 100, height: 60), 0)
    try wide.paint { x, y in UInt32(x << 8 | y) }
    device.add(101, .init(buffer: wide))
    device.show(101, on: Self.primary)
    device.planes[Self.primary]?.properties = [.type: 1]
    device.crtcs[0].state.origin = PixelPoint(x: 7, y: 3)
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.store.frame[0, 0] == 7 << 8 | 3)
  }

  @Test(
    arguments: [
      ([KMSProperty.crtcWidth: 128], "is scaled from 64x48 to 128x48, which is not done here"),
      ([.rotation: 2], "is rotated or mirrored, which is not done here"), ([.rotation: 0x11], "is rotated or mirrored"),
      ([.alpha: 0x7fff], "is half transparent"), ([.blendMode: 1], "is blended by coverage"),
      ([.sourceX: 1 << 16], "shows 64x48+1+0 of a framebuffer of 64x48 pixels, which cannot be"),
    ] as [([KMSProperty: UInt64], String)])
  func `what cannot be shown is said, on a card for the primary plane`(properties: KMSProperties, words: String) throws
  {
    let device = try FakeKMSDevice.lit()
    device.set(Self.primary, properties)
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.sentence?.hasPrefix("The primary plane \(words)") == true)
    #expect(bench.plane(.primary)?.problem?.contains(words) == true)
    // Once when it was opened, once when it was captured.
    #expect(bench.plane(.primary)?.errors.values.first == 2)
  }

  @Test func `an overlay that cannot be shown is left out and reported`() throws {
    let (device, bench) = try Self.withOverlay()
    device.set(Self.overlay, [.crtcHeight: 60])
    bench.capture()
    bench.capture()
    #expect(bench.source.status == .running && bench.store.frame[12, 22] == 0x102030)
    #expect(
      bench.plane(.overlay)?.problem == "Overlay plane 31 is scaled from 8x6 to 8x60, which is not done here.")
    #expect(bench.plane(.overlay)?.errors.values.first == 2)
  }

  @Test(arguments: [
    (FourCC("NV12"), UInt64(0), 2, "is in format NV12 in 2 parts, which cannot be read"),
    ("XR4H", 0, 1, "is in format XR4H, arranged as LINEAR (0x0), and is not shown: "),
    ("XR24", 0x0100_0000_0000_0004, 1, "is in format XR24, arranged as Y_TILED_CCS (0x100000000000004)"),
    ("XR24", 0x7700_0000_0000_0001, 1, "is in format XR24, arranged as 0x7700000000000001"),
    (FourCC(rawValue: 0), 0, 1, "is in format 0x0"),
  ])
  func `a format that cannot be read is named`(code: FourCC, modifier: UInt64, parts: Int, words: String) throws {
    let device = try FakeKMSDevice.lit()
    device.framebuffers[100]?.code = code
    device.framebuffers[100]?.modifier = modifier
    device.framebuffers[100]?.memoryPlanes = parts
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.sentence?.hasPrefix("The primary plane \(words)") == true, "\(bench.sentence ?? "")")
  }

  @Test func `a buffer smaller than its framebuffer is not read beyond its end`() throws {
    let device = try FakeKMSDevice.lit()
    device.framebuffers[100]?.strideBytes = 4096
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.sentence?.contains("needs") == true && bench.sentence?.contains("12288") == true)
    device.framebuffers[100]?.strideBytes = nil
    bench.capture()
    #expect(bench.source.status == .running)
  }

  // MARK: - The pointer

  private static func withCursor() throws -> (FakeKMSDevice, DRMBench) {
    let device = try FakeKMSDevice.lit()
    let image = try FakeBuffer(PixelSize(width: 16, height: 16), 0)
    try image.paint { x, y in x == y ? 0xffff_ffff : 0 }
    device.add(110, .init(buffer: image, code: "AR24"))
    device.show(110, on: cursor, at: PixelPoint(x: 30, y: 12))
    return (device, try DRMBench(device))
  }

  @Test func `the cursor plane is the viewer's pointer and not part of the picture`() throws {
    let (device, bench) = try Self.withCursor()
    bench.capture()
    let image = try #require(bench.source.cursor.image)
    #expect(image.size == PixelSize(width: 16, height: 16) && image.hotSpot == .zero)
    #expect(image.pixels[0] == 0xffff_ffff && image.pixels[1] == 0)
    #expect(bench.source.cursor.position == PixelPoint(x: 30, y: 12) && bench.cursorChanges == 1)
    #expect(bench.store.frame[30, 12] == 0x102030)
    device.set(Self.cursor, [.hotSpotX: 3, .hotSpotY: 4])
    bench.capture()
    #expect(bench.source.cursor.image?.hotSpot == PixelPoint(x: 3, y: 4))
    #expect(bench.source.cursor.position == PixelPoint(x: 33, y: 16))
    #expect(bench.plane(.cursor)?.hotSpotX == 3)
    device.hide(Self.cursor)
    bench.capture()
    #expect(bench.source.cursor == CursorState(image: nil, position: nil))
  }

  @Test func `a cursor whose hot spot is outside of it points with its corner`() throws {
    let (device, bench) = try Self.withCursor()
    device.set(Self.cursor, [.hotSpotX: UInt64(bitPattern: -5), .hotSpotY: .max])
    bench.capture()
    #expect(bench.source.cursor.image?.hotSpot == .zero)
    #expect(bench.source.cursor.position == PixelPoint(x: 30, y: 12))
  }

  @Test func `a cursor plane that is no pointer's picture is drawn into the picture`() throws {
    let (device, bench) = try Self.withCursor()
    device.framebuffers[110]?.code = "XB24"
    bench.capture()
    #expect(bench.source.cursor == .unknown)
    #expect(bench.store.frame[31, 13] == 0xffffff && bench.store.frame[32, 13] == 0)
  }

  // MARK: - Pacing

  @Test func `a pointer that moves is noticed between two captures`() throws {
    let (device, bench) = try Self.withCursor()
    bench.capture()
    device.show(110, on: Self.cursor, at: PixelPoint(x: 31, y: 12))
    // No vertical blank comes: it is not waited for.
    try bench.pass(milliseconds: 101)
    #expect(bench.source.cursor.position == PixelPoint(x: 31, y: 12) && bench.cursorChanges == 2)
    #expect(device.vblankRequests > 0)
    device.show(110, on: Self.cursor, at: PixelPoint(x: 32, y: 12))
    device.blank()
    try bench.pass(milliseconds: 1)
    #expect(bench.source.cursor.position == PixelPoint(x: 32, y: 12))
  }

  @Test func `a screen that flips is looked at in each vertical blank and announces itself`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    device.add(101, .init(buffer: try FakeBuffer(DRMSourceTests.size, 1)))
    bench.capture()
    for number in 0..<20 {
      device.show(number % 2 == 0 ? 101 : 100, on: Self.primary)
      let before = bench.pictureChanges
      device.blank()
      try bench.pass(milliseconds: 16)
      #expect(bench.pictureChanges > before && bench.source.pacing == .announced)
      bench.capture()
    }
    #expect(device.vblankRequests >= 20)
    // Then it stands still: it is polled, and its vertical blanks are left alone.
    for _ in 0..<60 {
      device.blank()
      try bench.pass(milliseconds: 16)
      bench.capture()
    }
    #expect(bench.source.pacing == .polled)
    let requests = device.vblankRequests
    for _ in 0..<10 { try bench.pass(milliseconds: 51) }
    #expect(device.vblankRequests == requests)
  }

  @Test func `while nobody looks nothing is asked`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    bench.source.setWatched(false)
    let calls = device.calls
    for _ in 0..<30 { try bench.pass(milliseconds: 100) }
    #expect(device.calls == calls)
  }

  @Test func `a viewer that does not ask any more is not looked for either`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    for _ in 0..<30 { try bench.pass(milliseconds: 51) }
    let calls = device.calls
    for _ in 0..<30 { try bench.pass(milliseconds: 51) }
    #expect(device.calls == calls)
  }

  @Test func `a device without vertical blanks is paced by a timer`() throws {
    let device = try FakeKMSDevice.lit()
    device.failures["vblank"] = SystemFailure("ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE)", EOPNOTSUPP)
    let bench = try DRMBench(device)
    bench.capture()
    device.add(101, .init(buffer: try FakeBuffer(DRMSourceTests.size, 1)))
    device.show(101, on: Self.primary)
    let before = bench.pictureChanges
    try bench.pass(milliseconds: 51)
    #expect(bench.pictureChanges > before)
    #expect(bench.detail("Paced by")?.hasPrefix("a timer") == true && device.calls["vblank"] == 1)
  }

  @Test func `events that cannot be read are not read for ever`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    device.failures["events"] = SystemFailure("read", ENODEV)
    bench.nowOpening(.failure(.system(SystemFailure("stat", ENOENT))))
    device.blank()
    for _ in 0..<10 { try bench.pass(milliseconds: 1) }
    #expect(device.calls["events"] == 1)
    #expect(bench.sentence == "The device of /dev/dri/card7 was unplugged. It is shown again when it is back.")
  }
}
