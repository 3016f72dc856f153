// What QEMU's display says, well and badly, and what the screen makes of it.
import CLinux
import GVTCore
import Glibc
import Testing

@testable import GVTDisplay

private let xrgb: UInt32 = 0x2002_0888

private func pixels(_ count: Int, _ value: UInt8) -> [UInt8] { Array(repeating: value, count: count * 4) }

private func scanout(_ width: UInt32, _ height: UInt32, stride: UInt32? = nil, format: UInt32 = xrgb, _ bytes: [UInt8])
  -> [BusValue]
{
  [.uint32(width), .uint32(height), .uint32(stride ?? width &* 4), .uint32(format), .bytes(bytes)]
}

private func update(
  _ x: Int32, _ y: Int32, _ width: Int32, _ height: Int32, stride: UInt32? = nil, format: UInt32 = xrgb,
  _ bytes: [UInt8]
) -> [BusValue] {
  [
    .int32(x), .int32(y), .int32(width), .int32(height), .uint32(stride ?? UInt32(truncatingIfNeeded: width) &* 4),
    .uint32(format), .bytes(bytes),
  ]
}

@Suite struct DisplayListenerTests {
  private let rig: ListenerRig

  init() throws { rig = try ListenerRig() }

  @Test func `a Scanout is the picture and an Update a part of it`() throws {
    #expect(try rig.tell("Scanout", scanout(100, 80, pixels(8000, 0x40))))
    #expect(rig.capture().isResize)
    #expect(rig.store.frame.size == PixelSize(width: 100, height: 80))
    #expect(rig.store.frame[99, 79] == 0x404040)
    // Two rows of three pixels in rows of five.
    #expect(try rig.tell("Update", update(97, 70, 3, 2, stride: 20, pixels(8, 0x80))))
    let damage = rig.capture()
    #expect(rig.store.frame[97, 70] == 0x808080 && rig.store.frame[99, 71] == 0x808080)
    #expect(rig.store.frame[96, 70] == 0x404040 && rig.store.frame[99, 72] == 0x404040)
    #expect(damage.tiles.count == 1 && damage.tiles.contains(column: 1, row: 1))
    #expect(rig.capture().isEmpty)
    #expect(rig.faults.isEmpty)
  }

  @Test(arguments: [
    scanout(0, 0, []), scanout(65535, 65535, []), scanout(10, 10, stride: 0, pixels(100, 1)),
    scanout(10, 10, stride: 39, pixels(100, 1)), scanout(10, 10, pixels(99, 1)), scanout(10, 10, stride: .max, []),
    scanout(.max, .max, stride: .max, pixels(1, 1)), scanout(10, 10, format: 0x1802_0888, pixels(100, 1)),
    scanout(10, 10, format: 0, pixels(100, 1)),
  ])
  func `an impossible Scanout is a status card`(_ values: [BusValue]) throws {
    #expect(try rig.tell("Scanout", values))
    #expect(rig.faults == ["Scanout"])
    _ = rig.capture()
    #expect(try rig.tell("Scanout", scanout(10, 10, pixels(100, 0x11))))
    _ = rig.capture()
    #expect(rig.store.frame[9, 9] == 0x111111)
  }

  @Test(arguments: [
    update(-1, 0, 1, 1, pixels(1, 9)), update(0, 0, 0, 0, []), update(0, 0, -1, -1, pixels(1, 9)),
    update(.max, .max, 1, 1, pixels(1, 9)), update(0, 0, .max, .max, pixels(1, 9)),
    update(16000, 16000, 1, 1, pixels(1, 9)), update(0, 0, 4, 4, pixels(15, 9)),
    update(0, 0, 4, 4, stride: 0, pixels(16, 9)),
    update(.min, .min, .min, .min, []),
  ])
  func `an impossible Update leaves the picture alone`(_ values: [BusValue]) throws {
    try rig.tell("Scanout", scanout(10, 10, pixels(100, 0x11)))
    _ = rig.capture()
    #expect(try rig.tell("Update", values))
    #expect(rig.faults == ["Update"])
    #expect(rig.capture().isEmpty)
  }

  @Test func `an Update before any Scanout begins a picture of the console's size`() throws {
    rig.screen.consoleResized(to: PixelSize(width: 72, height: 40))
    #expect(try rig.tell("Update", update(0, 16, 72, 16, pixels(72 * 16, 0x33))))
    _ = rig.capture()
    #expect(rig.store.frame.size == PixelSize(width: 72, height: 40))
    #expect(rig.store.frame[71, 31] == 0x333333 && rig.store.frame[0, 0] == 0)
  }

  @Test(arguments: [true, false])
  func `a text mode that no Scanout announces is followed`(_ isSizeFirst: Bool) throws {
    try rig.tell("Scanout", scanout(64, 48, pixels(64 * 48, 0x11)))
    _ = rig.capture()
    let size = PixelSize(width: 72, height: 40)
    if isSizeFirst { rig.screen.consoleResized(to: size) }
    try rig.tell("Update", update(0, 0, 72, 40, pixels(72 * 40, 0x22)))
    if !isSizeFirst { rig.screen.consoleResized(to: size) }
    _ = rig.capture()
    #expect(rig.store.frame.size == size)
    #expect(rig.store.frame[71, 39] == 0x222222 && rig.store.frame[0, 0] == 0x222222)
  }

  @Test func `a Scanout that the console's size contradicts is doubted`() throws {
    var doubts = 0
    rig.screen.onSizeInDoubt = { doubts += 1 }
    rig.screen.consoleResized(to: PixelSize(width: 72, height: 40))
    try rig.tell("Scanout", scanout(72, 40, pixels(72 * 40, 0x11)))
    #expect(doubts == 0)
    try rig.tell("Scanout", scanout(64, 48, pixels(64 * 48, 0x11)))
    #expect(doubts == 1)
  }

  @Test(arguments: [
    ("Scanout", [BusValue.string("hello")]), ("Update", []), ("MouseSet", [.uint32(1), .uint32(2), .uint32(3)]),
    ("ScanoutDMABUF", [.uint32(1)]), ("Disable", [.uint32(1)]), ("CursorDefine", [.bytes([1, 2, 3])]),
  ])
  func `arguments of the wrong types are refused`(_ member: String, _ values: [BusValue]) throws {
    #expect(try !rig.tell(member, values))
    #expect(rig.faults == [member])
  }

  @Test func `an unknown call is refused and Disable shows a card`() throws {
    #expect(try !rig.tell("Explode", []))
    try rig.tell("Scanout", scanout(10, 10, pixels(100, 0x11)))
    _ = rig.capture()
    #expect(try rig.tell("Disable", []))
    #expect(!rig.capture().isEmpty)
    #expect(rig.store.frame.size == PixelSize(width: 10, height: 10))
  }

  @Test func `a shared map is read where it is, and one that shrinks is a card`() throws {
    let raw = unsafe gvt_memfd_create("map")
    let file = OwnedDescriptor(owning: raw)
    try check("ftruncate") { ftruncate(raw, 65536) }
    _ = unsafe [UInt8](repeating: 0x55, count: 65536).withUnsafeBytes {
      unsafe pwrite(raw, $0.baseAddress, $0.count, 0)
    }
    let map = "org.qemu.Display1.Listener.Unix.Map"
    let shape: [BusValue] = [.uint32(4096), .uint32(64), .uint32(48), .uint32(256), .uint32(xrgb)]
    #expect(try rig.tell("ScanoutMap", [.descriptor(file.raw)] + shape, interface: map))
    _ = rig.capture()
    try #require(rig.store.frame.size == PixelSize(width: 64, height: 48))
    #expect(rig.store.frame[63, 47] == 0x555555)
    try check("ftruncate") { ftruncate(raw, 0) }
    #expect(try rig.tell("UpdateMap", [.int32(0), .int32(0), .int32(64), .int32(48)], interface: map))
    #expect(!rig.capture().isEmpty)
    #expect(rig.store.frame[63, 47] != 0x555555)
    #expect(try rig.tell("UpdateMap", [.int32(.min), .int32(.max), .int32(.max), .int32(.min)], interface: map))
    _ = rig.capture()
  }

  @Test func `a dmabuf that can be mapped is shown, in a part of a larger buffer`() throws {
    let raw = unsafe gvt_memfd_create("dmabuf")
    let file = OwnedDescriptor(owning: raw)
    try check("ftruncate") { ftruncate(raw, 65536) }
    _ = unsafe [UInt8](repeating: 0x66, count: 65536).withUnsafeBytes {
      unsafe pwrite(raw, $0.baseAddress, $0.count, 0)
    }
    #expect(try rig.tell("ScanoutDMABUF2", second(file.raw, modifier: 0), interface: Self.second), "\(rig.reasons)")
    _ = rig.capture()
    try #require(rig.store.frame.size == PixelSize(width: 32, height: 20))
    #expect(rig.store.frame[31, 19] == 0x666666)
    #expect(try rig.tell("UpdateDMABUF", [.int32(0), .int32(0), .int32(8), .int32(8)]))
    #expect(rig.faults.isEmpty)
  }

  private static let second = "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"

  private func second(_ raw: Int32, modifier: UInt64, planes: UInt32 = 1, isBottomUp: Bool = false) -> [BusValue] {
    [
      .array(of: "h", [.descriptor(raw)]), .uint32(8), .uint32(4), .uint32(32), .uint32(20),
      .array(of: "u", [.uint32(0)]), .array(of: "u", [.uint32(256)]), .uint32(planes),
      .uint32(FourCC("XR24").rawValue), .uint32(64), .uint32(64), .uint64(modifier), .bool(isBottomUp),
    ]
  }

  @Test(arguments: [(UInt64(0x0100_0000_0000_0004), UInt32(2)), (0x0200_0000_0000_0001, 1), (0, 3), (0, 0)])
  func `a dmabuf in a form that cannot be read names it`(_ modifier: UInt64, _ planes: UInt32) throws {
    let raw = unsafe gvt_memfd_create("dmabuf")
    let file = OwnedDescriptor(owning: raw)
    #expect(
      try rig.tell("ScanoutDMABUF2", second(file.raw, modifier: modifier, planes: planes), interface: Self.second))
    #expect(rig.faults == ["ScanoutDMABUF2"])
    let shape = DMABufShape(
      size: PixelSize(width: 1, height: 1), strideBytes: 64, planeCount: Int(planes), format: "XR24",
      modifier: modifier, isBottomUp: false)
    #expect(throws: ScanoutFault.self) { try shape.layout() }
    #expect(shape.name.contains("XR24") && shape.name.contains(String(modifier, radix: 16)))
  }

  @Test func `the guest's pointer is known once it is defined`() throws {
    #expect(!rig.screen.cursor.isKnown)
    try rig.tell("MouseSet", [.int32(5), .int32(6), .int32(1)])
    #expect(!rig.screen.cursor.isKnown)
    let bytes: [UInt8] = [0xff, 0xff, 0xff, 0x00, 0x10, 0x20, 0x30, 0xff]
    #expect(try rig.tell("CursorDefine", [.int32(2), .int32(1), .int32(9), .int32(-9), .bytes(bytes)]))
    let image = rig.screen.cursor.image
    #expect(image?.pixels == [0, 0xff30_2010])
    #expect(image?.hotSpot == PixelPoint(x: 1, y: 0))
    try rig.tell("MouseSet", [.int32(5), .int32(6), .int32(0)])
    #expect(rig.screen.cursor.isKnown && rig.screen.cursor.image == nil)
    #expect(try rig.tell("CursorDefine", [.int32(257), .int32(1), .int32(0), .int32(0), .bytes(bytes)]))
    #expect(rig.faults == ["CursorDefine"])
  }

  @Test func `the interfaces beyond the plain one are advertised`() throws {
    var entries: [String] = []
    rig.qemu.call(
      FakeDisplay.listenerPath, "org.freedesktop.DBus.Properties", "GetAll", [.string("org.qemu.Display1.Listener")]
    ) { result in
      switch result {
      case .answer(let message):
        try? message.dictionary { key, type, _ throws(BusFailure) in
          entries.append(key + " " + type)
          return false
        }
      case .failure(let failure): entries.append(failure.description)
      }
    }
    try run(rig.loop) { !entries.isEmpty }
    #expect(entries == ["Interfaces as"])
  }

  @Test func `a peer that is no D-Bus peer closes the listener`() throws {
    let loop = try EventLoop()
    let pair = try OwnedDescriptor.socketPair()
    var isClosed = false
    let listener = try DisplayListener(
      try pair.near.duplicate(), screen: GuestScreen(), on: loop, onFault: { _, _ in }, onClosed: { isClosed = true })
    let noise = Array("REJECTED\r\nwhat\r\n\r\nno\r\n".utf8) + (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    _ = unsafe noise.withUnsafeBytes { unsafe write(pair.far.raw, $0.baseAddress, $0.count) }
    try run(loop) { isClosed }
    #expect(isClosed)
    listener.close()
  }
}
