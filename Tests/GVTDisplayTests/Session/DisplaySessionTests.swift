// The display thread's work, with a scripted VM on one side and scripted viewers on the other. It promises:
// a viewer gets ServerInit with the VM's present size; a request is answered once there is something new; nothing is
// captured that nobody waits for; a stuck viewer costs the others nothing; sizes are told to those who can follow.
import GVTCore
import Logging
import NIOCore
import Testing

@testable import GVTDisplay

// libvncserver keeps its client list for the whole process.
@Suite(.serialized) struct DisplaySessionTests {
  private static let everything = ClientMessage.updateRequest(
    rect: PixelRect(x: 0, y: 0, width: 65535, height: 65535), isIncremental: false)
  private static let changes = ClientMessage.updateRequest(
    rect: PixelRect(x: 0, y: 0, width: 65535, height: 65535), isIncremental: true)

  private func updateHeader(_ buffer: inout ByteBuffer) -> Int? {
    guard buffer.readInteger(as: UInt16.self) == 0 else { return nil }
    return buffer.readInteger(as: UInt16.self).map(Int.init)
  }

  @Test func `ServerInit has the size that the VM has now`() throws {
    let stage = try Stage(size: PixelSize(width: 321, height: 123))
    let viewer = stage.join(1)
    try stage.run { viewer.receivedCount > 0 }
    var bytes = viewer.take()
    #expect(bytes.readInteger(as: UInt16.self) == 321)
    #expect(bytes.readInteger(as: UInt16.self) == 123)
    #expect(stage.source.isWatched)
  }

  @Test func `who comes while a picture is on its way is told that picture's size`() throws {
    let stage = try Stage()
    stage.source.isPictureDue = true
    let viewer = stage.join(1)
    let hasty = stage.join(2)
    try stage.settle()
    #expect(viewer.receivedCount == 0)
    stage.mailbox.post(.frontEnd(.left(hasty.id)))
    try stage.settle()
    stage.source.isPictureDue = false
    stage.source.paint(size: PixelSize(width: 333, height: 44)) { _, _ in 0 }
    try stage.run { viewer.receivedCount > 0 }
    var bytes = viewer.take()
    #expect(bytes.readInteger(as: UInt16.self) == 333)
    #expect(hasty.receivedCount == 0)
  }

  @Test func `a picture that does not come keeps nobody waiting for long`() throws {
    let stage = try Stage()
    stage.source.isPictureDue = true
    let viewer = stage.join(1)
    try stage.run { viewer.receivedCount > 0 }
    #expect(viewer.receivedCount > 0)
  }

  @Test func `a Tight viewer gets the picture, then only what changes`() throws {
    let stage = try Stage()
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.tight]))
    try stage.settle()
    _ = viewer.take()
    stage.say(viewer, Self.everything)
    try stage.run { viewer.receivedCount > 0 }
    let decoder = TightDecoder(size: stage.source.size)
    var bytes = viewer.take()
    let count = try #require(updateHeader(&bytes))
    _ = try decoder.decode(Array(bytes.readableBytesView), count: count)
    #expect(decoder.pixels[200 * 7 + 5] == UInt32(5 << 8 | 7))

    stage.say(viewer, Self.changes)
    try stage.settle()
    #expect(viewer.receivedCount == 0, "nothing changed")
    stage.source.paint { x, y in x == 100 && y == 100 ? 0xFFFFFF : UInt32(x << 8 | y) }
    try stage.run { viewer.receivedCount > 0 }
    bytes = viewer.take()
    let changed = try #require(updateHeader(&bytes))
    let rectangles = try decoder.decode(Array(bytes.readableBytesView), count: changed)
    #expect(decoder.pixels[200 * 100 + 100] == 0xFFFFFF)
    #expect(rectangles.allSatisfy { $0.rect.height == 1 && $0.rect.width <= 8 })
  }

  @Test func `a Raw viewer gets the picture in one update`() throws {
    let stage = try Stage(size: PixelSize(width: 600, height: 130))
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.raw]))
    try stage.settle()
    _ = viewer.take()
    stage.say(viewer, Self.everything)
    try stage.run { viewer.receivedCount >= 600 * 130 * 4 }
    var bytes = viewer.take()
    let count = try #require(updateHeader(&bytes))
    #expect(bytes.readableBytes == count * 12 + 600 * 130 * 4)
  }

  @Test func `a viewer that is answered while it cannot take anything is served when it can`() throws {
    let stage = try Stage()
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.raw, EncodingNumber.fence]))
    try stage.settle()
    _ = viewer.take()
    viewer.setStuck(true)
    stage.say(viewer, .fence(flags: Fence.request, payload: [1]), Self.everything)
    try stage.settle()
    #expect(viewer.receivedCount == 10, "the fence's answer only")
    viewer.setStuck(false)
    try stage.run { viewer.receivedCount > 200 * 130 * 4 }
    #expect(viewer.receivedCount > 200 * 130 * 4)
  }

  @Test func `a ZRLE viewer's stream survives whatever interrupts an update`() throws {
    let stage = try Stage(size: PixelSize(width: 1024, height: 512))
    var state: UInt32 = 1
    let noise: (Int, Int) -> UInt32 = { _, _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return state >> 8
    }
    stage.source.paint(noise)
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.zrle, EncodingNumber.desktopSize]))
    try stage.settle()
    _ = viewer.take()
    stage.say(viewer, Self.everything)
    try stage.loop.turn()
    stage.say(viewer, .setPixelFormat(.native), Self.everything)
    try stage.loop.turn()
    stage.source.paint(size: PixelSize(width: 512, height: 300), noise)
    try stage.settle()
    stage.say(viewer, Self.everything)
    try stage.settle()
    var bytes = viewer.take()
    let stream = InflateStream()
    var pixels = 0
    while let count = updateHeader(&bytes) {
      for _ in 0..<count {
        guard let header = bytes.readMultipleIntegers(as: (UInt16, UInt16, UInt16, UInt16, Int32).self),
          header.4 == EncodingNumber.zrle
        else { continue }
        guard let length = bytes.readInteger(as: UInt32.self), let data = bytes.readBytes(length: Int(length)) else {
          break
        }
        let area = Int(header.2) * Int(header.3)
        // Noise is sent as it is: a byte for each tile of 64x64, and three for each pixel.
        let tiles = (Int(header.2) + 63) / 64 * ((Int(header.3) + 63) / 64)
        #expect(try stream.inflate(data, to: area * 3 + tiles).count == area * 3 + tiles)
        pixels += area
      }
    }
    #expect(bytes.readableBytes == 0)
    #expect(pixels >= 512 * 300)
  }

  @Test func `nothing is captured while nobody waits`() throws {
    let stage = try Stage()
    try stage.settle()
    #expect(stage.source.captures == 0)
    let viewer = stage.join(1)
    try stage.settle()
    let captures = stage.source.captures
    stage.source.paint { _, _ in 1 }
    try stage.settle()
    #expect(stage.source.captures == captures, "the viewer has not asked")
    stage.mailbox.post(.frontEnd(.left(viewer.id)))
    try stage.settle()
    #expect(!stage.source.isWatched)
  }

  @Test func `a stuck viewer costs the other nothing`() throws {
    let stage = try Stage()
    let stuck = stage.join(1)
    let other = stage.join(2)
    stage.say(stuck, .setEncodings([EncodingNumber.raw]))
    stage.say(other, .setEncodings([EncodingNumber.tight]))
    stuck.setStuck(true)
    try stage.settle()
    for frame in 1...20 {
      stage.say(stuck, Self.everything)
      stage.say(other, Self.changes)
      _ = other.take()
      stage.source.paint { _, _ in UInt32(frame) }
      try stage.run { other.receivedCount > 0 }
      #expect(other.receivedCount > 0)
    }
    #expect(stuck.pendingBytes <= 200 * 130 * 4 + 1000, "one update at most waits in memory")
    #expect(stuck.acknowledged == 21)
    stuck.setStuck(false)
    _ = stuck.take()
    stage.say(stuck, Self.everything)
    try stage.run { stuck.receivedCount > 0 }
    #expect(stuck.receivedCount > 0)
  }

  @Test(arguments: [EncodingNumber.extendedDesktopSize, EncodingNumber.desktopSize])
  func `a viewer that can follow is told the new size in an update of its own`(encoding: Int32) throws {
    let stage = try Stage()
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.raw, encoding]), Self.everything)
    try stage.run { viewer.receivedCount > 200 * 130 * 4 }
    try stage.settle()
    _ = viewer.take()
    stage.say(viewer, Self.changes)
    try stage.settle()
    stage.source.paint(size: PixelSize(width: 320, height: 240)) { _, _ in 7 }
    try stage.run { viewer.receivedCount > 0 }
    try stage.settle()
    var bytes = viewer.take()
    #expect(updateHeader(&bytes) == 1)
    #expect(
      bytes.readMultipleIntegers(as: (UInt16, UInt16, UInt16, UInt16, Int32).self).map { [$0.2, $0.3] } == [320, 240])
    stage.say(viewer, Self.changes)
    try stage.run { viewer.receivedCount >= 320 * 240 * 4 }
    #expect(viewer.receivedCount >= 320 * 240 * 4, "everything is new, whatever the viewer asks")
  }

  @Test func `a viewer that cannot follow never gets a pixel outside its picture`() throws {
    let stage = try Stage()
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.tight]))
    try stage.settle()
    _ = viewer.take()
    stage.source.paint(size: PixelSize(width: 400, height: 300)) { x, _ in UInt32(x) }
    stage.say(viewer, Self.everything)
    try stage.run { viewer.receivedCount > 0 }
    let decoder = TightDecoder(size: PixelSize(width: 200, height: 130))
    var bytes = viewer.take()
    let count = try #require(updateHeader(&bytes))
    _ = try decoder.decode(Array(bytes.readableBytesView), count: count)
    #expect(decoder.pixels[129 * 200 + 199] == 199)
  }

  @Test(arguments: [(ResizeAnswer.unsupported, UInt16(1)), (.invalid, 3)])
  func `a wish that the VM cannot follow is answered`(answer: ResizeAnswer, status: UInt16) throws {
    let stage = try Stage()
    stage.source.resizeAnswer = answer
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.extendedDesktopSize]))
    try stage.settle()
    _ = viewer.take()
    stage.say(viewer, .setDesktopSize(PixelSize(width: 999, height: 888)))
    try stage.run { viewer.receivedCount > 0 }
    var bytes = viewer.take()
    #expect(updateHeader(&bytes) == 1)
    #expect(bytes.readInteger(as: UInt16.self) == 1)
    #expect(bytes.readInteger(as: UInt16.self) == status)
    #expect(stage.source.requestedSizes == [PixelSize(width: 999, height: 888)])
  }

  @Test func `a display that forbids resizing does not ask the VM`() throws {
    let options = DisplayOptions(title: "vm", listeners: [], followsResize: false)
    let stage = try Stage(options: options)
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.extendedDesktopSize]))
    stage.say(viewer, .setDesktopSize(PixelSize(width: 999, height: 888)))
    try stage.settle()
    #expect(stage.source.requestedSizes.isEmpty)
  }

  @Test func `features are announced to those who asked, once`() throws {
    let stage = try Stage()
    let plain = stage.join(1)
    stage.say(plain, .setEncodings([EncodingNumber.raw]))
    let rich = stage.join(2)
    let encodings: [Int32] = [
      EncodingNumber.tight, EncodingNumber.fence, EncodingNumber.continuousUpdates, EncodingNumber.extendedKeyEvent,
      EncodingNumber.desktopName,
    ]
    try stage.settle()
    _ = plain.take()
    _ = rich.take()
    stage.say(rich, .setEncodings(encodings), .setEncodings(encodings))
    try stage.settle()
    #expect(plain.receivedCount == 0)
    #expect(Array(rich.take().readableBytesView) == [248, 0, 0, 0, 0x80, 0, 0, 0, 0, 150])
    stage.say(rich, Self.changes)
    try stage.run { rich.receivedCount > 0 }
    var bytes = rich.take()
    #expect(updateHeader(&bytes) ?? 0 >= 2)
  }

  @Test func `the pointer is drawn into the picture only for viewers that cannot draw it`() throws {
    let stage = try Stage()
    let image = CursorImage(size: PixelSize(width: 1, height: 1), hotSpot: .zero, pixels: [0xFFFF_FFFF])
    stage.source.cursor = CursorState(image: image, position: PixelPoint(x: 3, y: 2))
    let painted = stage.join(1)
    let own = stage.join(2)
    stage.say(painted, .setEncodings([EncodingNumber.tight]))
    stage.say(own, .setEncodings([EncodingNumber.tight, EncodingNumber.cursorWithAlpha]))
    try stage.settle()
    _ = painted.take()
    _ = own.take()
    stage.say(painted, Self.everything)
    stage.say(own, Self.everything)
    try stage.run { painted.receivedCount > 0 && own.receivedCount > 0 }
    let decoder = TightDecoder(size: stage.source.size)
    var bytes = painted.take()
    let count = try #require(updateHeader(&bytes))
    _ = try decoder.decode(Array(bytes.readableBytesView), count: count)
    #expect(decoder.pixels[2 * 200 + 3] == 0xFFFFFF)
    bytes = own.take()
    _ = updateHeader(&bytes)
    bytes.moveReaderIndex(forwardBy: 8)
    #expect(bytes.readInteger(as: Int32.self) == EncodingNumber.cursorWithAlpha)
  }

  @Test func `a pointer that is known before a viewer says that it draws one is told it then`() throws {
    let stage = try Stage()
    let own = stage.join(1)
    try stage.settle()
    let image = CursorImage(size: PixelSize(width: 1, height: 1), hotSpot: .zero, pixels: [0xFFFF_FFFF])
    stage.source.cursor = CursorState(image: image, position: nil)
    stage.source.events?.cursorChanged()
    stage.say(own, .setEncodings([EncodingNumber.tight, EncodingNumber.cursorWithAlpha]))
    try stage.settle()
    _ = own.take()
    stage.say(own, Self.everything)
    try stage.run { own.receivedCount > 0 }
    var bytes = own.take()
    _ = updateHeader(&bytes)
    bytes.moveReaderIndex(forwardBy: 8)
    #expect(bytes.readInteger(as: Int32.self) == EncodingNumber.cursorWithAlpha)
  }

  @Test func `a pointer that comes with a picture of another size is drawn into that picture`() throws {
    let stage = try Stage()
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.tight, EncodingNumber.desktopSize]))
    try stage.settle()
    let size = PixelSize(width: 300, height: 260)
    let image = CursorImage(size: PixelSize(width: 1, height: 1), hotSpot: .zero, pixels: [0xFFFF_FFFF])
    // As the demo does at its first flip: the cursor is known only once the picture has been captured.
    stage.source.onCapture = {
      stage.source.cursor = CursorState(image: image, position: PixelPoint(x: 250, y: 200))
    }
    stage.source.paint(size: size) { _, _ in 0x336699 }
    _ = viewer.take()
    stage.say(viewer, Self.everything)
    try stage.run { viewer.receivedCount > 0 }
    _ = viewer.take()
    stage.say(viewer, Self.everything)
    try stage.run { viewer.receivedCount > 0 }
    var bytes = viewer.take()
    let count = try #require(updateHeader(&bytes))
    let decoder = TightDecoder(size: size)
    _ = try decoder.decode(Array(bytes.readableBytesView), count: count)
    #expect(decoder.pixels[200 * 300 + 250] == 0xFFFFFF)
    #expect(decoder.pixels[0] == 0x336699)
  }

  @Test func `a pointer that the guest hides is wiped out of the picture`() throws {
    let stage = try Stage()
    let image = CursorImage(size: PixelSize(width: 1, height: 1), hotSpot: .zero, pixels: [0xFFFF_FFFF])
    stage.source.cursor = CursorState(image: image, position: PixelPoint(x: 3, y: 2))
    let viewer = stage.join(1)
    stage.say(viewer, .setEncodings([EncodingNumber.tight]))
    try stage.settle()
    _ = viewer.take()
    let decoder = TightDecoder(size: stage.source.size)
    let colours: [UInt32] = [0xFFFFFF, 3 << 8 | 2]
    for expected in colours {
      stage.say(viewer, expected == 0xFFFFFF ? Self.everything : Self.changes)
      try stage.run { viewer.receivedCount > 0 }
      var bytes = viewer.take()
      let count = try #require(updateHeader(&bytes))
      _ = try decoder.decode(Array(bytes.readableBytesView), count: count)
      #expect(decoder.pixels[2 * 200 + 3] == expected)
      stage.source.cursor = CursorState(image: nil, position: nil)
      stage.source.events?.cursorChanged()
    }
  }

  @Test func `eight viewers with mixed encodings come and go in any order`() throws {
    let stage = try Stage()
    let encodings = [EncodingNumber.tight, EncodingNumber.zrle, EncodingNumber.hextile, EncodingNumber.raw]
    let viewers = (1...8).map { stage.join($0) }
    for (index, viewer) in viewers.enumerated() {
      stage.say(viewer, .setEncodings([encodings[index % 4]]), Self.everything)
    }
    try stage.run { viewers.allSatisfy { $0.receivedCount > 100 } }
    for viewer in viewers { #expect(viewer.receivedCount > 100) }
    for viewer in viewers.reversed() {
      stage.say(viewer, Self.everything)
      stage.mailbox.post(.frontEnd(.left(viewer.id)))
    }
    try stage.settle()
    #expect(stage.session.viewers.isEmpty)
    #expect(!stage.source.isWatched)
  }
}
