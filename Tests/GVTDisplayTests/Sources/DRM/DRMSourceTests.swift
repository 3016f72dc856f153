// What a KMS device shows, and everything that can happen to it.
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

struct DRMSourceTests {
  static let size = PixelSize(width: 64, height: 48)

  @Test func `what the primary plane shows is the picture`() throws {
    let bench = try DRMBench(try .lit(colour: 0xff10_2030))
    #expect(bench.source.status == .running)
    #expect(bench.capture() == .everything(of: Self.size, isResize: true))
    #expect(bench.store.frame[63, 47] == 0x102030)
    #expect(bench.capture().isEmpty)
    #expect(bench.source.cursor == .unknown && bench.source.input == nil)
    #expect(bench.source.requestSize(Self.size) == .unsupported)
    #expect(bench.detail("Driver") == "fake" && bench.detail("Connector") == "Virtual-1")
    #expect(bench.detail("Mode") == "64x48, 60 Hz" && bench.detail("CRTC") == "0")
    #expect(bench.detail("Input") == "none: a KMS device has no way in")
    let plane = try #require(bench.plane(.primary))
    #expect(plane.format == "XR24" && plane.modifier == "LINEAR (0x0)" && plane.importer == "mmap")
    #expect(plane.x == 0 && plane.y == 0 && plane.width == 64 && plane.height == 48 && plane.strideBytes == 256)
    #expect(plane.buffer == "framebuffer 100" && plane.problem == nil && plane.errors.isEmpty)
  }

  @Test func `drawing into the shown buffer and flipping to another are followed`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    try device.framebuffers[100]?.buffer.paint { x, _ in x == 63 ? 0x777777 : 0x102030 }
    #expect(bench.capture().bounds == PixelRect(x: 56, y: 0, width: 8, height: 48))
    device.add(101, .init(buffer: try FakeBuffer(Self.size, 0x445566)))
    device.show(101, on: FakeKMSDevice.primaryID)
    bench.capture()
    #expect(bench.store.frame[0, 0] == 0x445566)
  }

  @Test func `a framebuffer that took over the number of another is not taken for it`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    device.add(100, .init(buffer: try FakeBuffer(Self.size, 0xabcdef)))
    bench.capture()
    #expect(bench.store.frame[5, 5] == 0xabcdef)
  }

  @Test func `each GEM handle is closed once, and only buffers that are kept have one`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    for number in 0..<40 {
      device.add(UInt32(200 + number % 2), .init(buffer: try FakeBuffer(Self.size, UInt32(number))))
      device.show(UInt32(200 + number % 2), on: FakeKMSDevice.primaryID)
      bench.capture()
      #expect(bench.store.frame[1, 1] == UInt32(number))
      bench.capture()
    }
    // Twelve in the cache, and the one that the last look exported again.
    #expect(device.openHandles.count <= 13 && device.openHandles.values.allSatisfy { $0 == 1 })
    // What is not shown any more is given back to its owner.
    try bench.pass(milliseconds: 1001)
    bench.capture()
    try bench.pass(milliseconds: 1001)
    bench.capture()
    #expect(device.openHandles.count <= 2)
    bench.source.setWatched(false)
    #expect(device.openHandles.isEmpty && device.wrongCloses == 0)
  }

  @Test func `a handle that stands for two planes of memory is closed once`() throws {
    let device = try FakeKMSDevice.lit()
    device.framebuffers[100]?.handles = [7, 7, 9, 0]
    do {
      let framebuffer = try device.framebuffer(100)
      #expect(framebuffer.memory != nil && device.openHandles == [7: 1, 9: 1])
    }
    #expect(device.openHandles.isEmpty && device.wrongCloses == 0)
  }

  @Test func `a picture that is flipped away while it is read is read again`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    device.add(101, .init(buffer: try FakeBuffer(Self.size, 0x990000)))
    device.add(102, .init(buffer: try FakeBuffer(Self.size, 0x009900)))
    device.show(101, on: FakeKMSDevice.primaryID)
    device.onCall = { [unowned device] call in
      guard call == "framebuffer" else { return }
      device.onCall = { _ in }
      device.show(102, on: FakeKMSDevice.primaryID)
    }
    #expect(!bench.capture().isEmpty)
    #expect(bench.store.frame[9, 9] == 0x009900)
    // One that never stands still is shown all the same.
    var next: UInt32 = 101
    device.onCall = { [unowned device] call in
      guard call == "framebuffer" else { return }
      device.show(next, on: FakeKMSDevice.primaryID)
      next = next == 101 ? 102 : 101
    }
    bench.capture()
    #expect(bench.source.status == .running && bench.detail("Pictures replaced while being read") == "1")
  }

  @Test func `a new mode gives a picture of the new size, and the moment between them no card`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    device.turnOff()
    #expect(bench.capture().isEmpty && bench.source.isPictureDue)
    try bench.pass(milliseconds: 100)
    #expect(bench.capture().isEmpty)
    let larger = PixelSize(width: 80, height: 60)
    device.crtcs[0].state.mode = FakeKMSDevice.mode(larger)
    device.add(103, .init(buffer: try FakeBuffer(larger, 0x123456)))
    device.show(103, on: FakeKMSDevice.primaryID)
    try bench.pass(milliseconds: 110)
    #expect(bench.capture() == .everything(of: larger, isResize: true))
    #expect(bench.store.frame[79, 59] == 0x123456 && !bench.source.isPictureDue)
  }

  @Test func `a screen that is turned off gives a card, and its picture when it is on again`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    device.turnOff()
    #expect(!(try bench.captureAfterHold().isEmpty))
    #expect(bench.sentence == "/dev/dri/card7 shows nothing: none of its screens is on.")
    device.crtcs[0].state.mode = FakeKMSDevice.mode(Self.size)
    device.show(100, on: FakeKMSDevice.primaryID)
    try bench.pass(milliseconds: 300)
    bench.capture()
    #expect(bench.source.status == .running && bench.store.frame[3, 3] == 0x102030)
  }

  @Test func `without the right to see others' framebuffers a card says what to do`() throws {
    let device = try FakeKMSDevice.lit()
    device.hasRights = false
    let bench = try DRMBench(device)
    bench.capture()
    #expect(
      bench.source.status
        == .failed(
          "The kernel shows what is on /dev/dri/card7 to root only: run gvt-vnc as root, or with CAP_SYS_ADMIN."))
    device.hasRights = true
    bench.capture()
    #expect(bench.source.status == .running)
  }

  @Test(arguments: [ENODEV, ENXIO]) func `an unplugged device is let go of, and followed when it is back`(code: Int32)
    throws
  {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    for call in ["crtc", "plane", "resources", "framebuffer", "properties"] {
      device.failures[call] = SystemFailure(call, code)
    }
    bench.nowOpening(.failure(.system(SystemFailure("stat", ENOENT))))
    #expect(!bench.capture().isEmpty)
    #expect(bench.sentence == "The device of /dev/dri/card7 was unplugged. It is shown again when it is back.")
    #expect(device.openHandles.isEmpty && bench.source.planes.isEmpty)
    try bench.pass(milliseconds: 1001)
    #expect(bench.sentence == "There is no device /dev/dri/card7. It is shown as soon as it is there.")
    for _ in 0..<5 { try bench.pass(milliseconds: 1001) }
    #expect(bench.opens == 7 && bench.statusChanges <= 4)
    bench.nowOpening(.success(try .lit(colour: 0x654321)))
    try bench.pass(milliseconds: 1001)
    bench.capture()
    #expect(bench.source.status == .running && bench.store.frame[0, 0] == 0x654321)
  }

  @Test(arguments: [
    (KMSOpenFailure.system(SystemFailure("open", EACCES)), "/dev/dri/card7 may not be opened: run gvt-vnc as root"),
    (.notDRM, "/dev/dri/card7 is no node of a graphics device"), (.renderNode, "/dev/dri/card7 is a render node"),
    (.noModeSetting(driver: "vgem"), "/dev/dri/card7 has no screen: its driver, vgem, sets no modes."),
    (.system(SystemFailure("open", EMFILE)), "/dev/dri/card7 cannot be opened: open: Too many open files."),
  ])
  func `a node that cannot be used says why, and is tried again`(failure: KMSOpenFailure, beginning: String) throws {
    let bench = try DRMBench(.failure(failure))
    bench.capture()
    guard case .failed(let sentence) = bench.source.status else { throw NotFailed() }
    #expect(sentence.hasPrefix(beginning))
    #expect(bench.source.pacing == .announced)
    bench.nowOpening(.success(try .lit()))
    try bench.pass(milliseconds: 2001)
    #expect(bench.source.status == .running && bench.opens == 2)
  }

  private struct NotFailed: Error {}

  @Test func `letting go closes everything, and stays away until it is asked back`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    bench.capture()
    #expect(bench.source.setAttached(false))
    #expect(device.openHandles.isEmpty)
    bench.capture()
    #expect(bench.sentence == "/dev/dri/card7 was let go of by request; gvt-vnc attach looks at it again.")
    for _ in 0..<3 { try bench.pass(milliseconds: 2001) }
    #expect(bench.opens == 1)
    #expect(bench.source.setAttached(true))
    bench.capture()
    #expect(bench.opens == 2 && bench.source.status == .running && bench.store.frame[0, 0] == 0x102030)
  }

  @Test func `answers that make no sense give a card and no more`() throws {
    let device = try FakeKMSDevice.lit()
    let bench = try DRMBench(device)
    device.failures["plane"] = SystemFailure("ioctl", EINVAL)
    bench.capture()
    #expect(bench.sentence == "/dev/dri/card7 does not say what it shows: ioctl: Invalid argument.")
    device.failures = ["framebuffer": SystemFailure("ioctl", ENOSYS)]
    bench.capture()
    #expect(bench.sentence == "The primary plane cannot be read: fake shares no memory.")
    device.failures = [:]
    device.planes[FakeKMSDevice.primaryID]?.properties[.sourceWidth] = .max
    bench.capture()
    #expect(bench.sentence?.contains("of a framebuffer of 64x48 pixels, which cannot be") == true)
    device.show(100, on: FakeKMSDevice.primaryID)
    device.crtcs[0].state.mode = FakeKMSDevice.mode(PixelSize(width: 70000, height: 70000))
    bench.capture()
    #expect(bench.sentence == BufferFailure.impossibleSize(PixelSize(width: 70000, height: 70000)).sentence)
    device.crtcs[0].state.mode = FakeKMSDevice.mode(Self.size)
    bench.capture()
    #expect(bench.source.status == .running)
  }
}
