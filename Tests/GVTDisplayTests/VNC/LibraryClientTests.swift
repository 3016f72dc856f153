// libvncserver behind its door: what it says for us, and that it never waits.
import GVTCore
import Logging
import NIOCore
import Testing

@testable import GVTDisplay

// libvncserver keeps its client list and its log for the whole process.
@Suite(.serialized) struct LibraryClientTests {
  private func makeFrame(_ size: PixelSize) -> Frame {
    let frame = Frame(size: size)
    for y in 0..<size.height {
      for x in 0..<size.width { frame[x, y] = UInt32(x * 7 + y * 131) & 0xFF_FFFF }
    }
    return frame
  }

  private func makeScreen(_ frame: Frame) -> LibraryScreen {
    LibraryScreen(frame: frame, title: "a title", logger: Logger(label: "test"))
  }

  @Test func `ServerInit has the size, our pixel format and the title`() throws {
    let screen = makeScreen(makeFrame(PixelSize(width: 300, height: 200)))
    let client = try screen.makeClient(peer: "test")
    defer { screen.remove(client) }
    let expected: [UInt8] =
      [1, 44, 0, 200, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 7] + Array("a title".utf8)
    #expect(Array(client.serverInit.readableBytesView) == expected)
  }

  @Test func `a slice in Raw is the frame's pixels`() throws {
    let frame = makeFrame(PixelSize(width: 300, height: 200))
    let screen = makeScreen(frame)
    let client = try screen.makeClient(peer: "test")
    defer { screen.remove(client) }
    _ = client.setEncodings([EncodingNumber.raw])
    let slice = PixelRect(x: 10, y: 20, width: 30, height: 5)
    var (count, bytes) = try #require(client.encode(slice))
    #expect(count == 1)
    #expect(bytes.readBytes(length: 12) == [0, 10, 0, 20, 0, 30, 0, 5, 0, 0, 0, 0])
    for y in slice.y..<slice.maxY {
      for x in slice.x..<slice.maxX {
        #expect(bytes.readInteger(endianness: .little, as: UInt32.self) == frame[x, y])
      }
    }
    #expect(bytes.readableBytes == 0)
  }

  @Test func `the largest slice fits the socket's buffer in every encoding`() throws {
    let size = PixelSize(width: 1024, height: 128)
    let frame = Frame(size: size)
    var state: UInt32 = 1
    for y in 0..<size.height {
      for x in 0..<size.width {
        state = state &* 1_664_525 &+ 1_013_904_223
        frame[x, y] = state >> 8
      }
    }
    let screen = makeScreen(frame)
    for encoding in EncodingNumber.pixelEncodings.sorted() {
      let client = try screen.makeClient(peer: "test")
      defer { screen.remove(client) }
      _ = client.setEncodings([encoding])
      for slice in LibraryUpdater.slices(of: size.bounds) {
        let encoded = try #require(client.encode(slice), "encoding \(encoding) gave up")
        #expect(encoded.rectangleCount >= 1)
        #expect(encoded.bytes.readableBytes > slice.area / 2)
      }
    }
  }

  @Test func `a viewer's own pixel format is used after a resize too`() throws {
    let screen = makeScreen(makeFrame(PixelSize(width: 300, height: 200)))
    let client = try screen.makeClient(peer: "test")
    defer { screen.remove(client) }
    let rgb565 = ViewerPixelFormat(
      bitsPerPixel: 16, depth: 16, isBigEndian: false, isTrueColour: true, redMax: 31, greenMax: 63, blueMax: 31,
      redShift: 11, greenShift: 5, blueShift: 0)
    _ = client.setPixelFormat(rgb565)
    _ = client.setEncodings([EncodingNumber.raw])
    let larger = makeFrame(PixelSize(width: 500, height: 400))
    larger[450, 350] = 0xFF0000
    screen.show(larger)
    var encoded = try #require(client.encode(PixelRect(x: 450, y: 350, width: 1, height: 1)))
    encoded.bytes.moveReaderIndex(forwardBy: 12)
    #expect(encoded.bytes.readInteger(endianness: .little, as: UInt16.self) == 0xF800)
  }

  @Test func `a viewer with a colour map gets one`() throws {
    let screen = makeScreen(makeFrame(PixelSize(width: 64, height: 64)))
    let client = try screen.makeClient(peer: "test")
    defer { screen.remove(client) }
    var format = ViewerPixelFormat.native
    format.bitsPerPixel = 8
    format.depth = 8
    format.isTrueColour = false
    #expect(client.setPixelFormat(format).readableBytes == 6 + 256 * 6)
  }

  @Test func `slices cover a rectangle once, along the grid`() {
    let rect = PixelRect(x: 500, y: 60, width: 600, height: 10)
    let slices = LibraryUpdater.slices(of: rect)
    #expect(slices.reduce(0) { $0 + $1.area } == rect.area)
    #expect(slices.count == 6)
    #expect(LibraryUpdater.slices(of: .empty).isEmpty)
  }
}
