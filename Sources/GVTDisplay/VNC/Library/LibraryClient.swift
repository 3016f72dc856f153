// One viewer's state inside libvncserver: its pixel format, its encoders and their zlib streams.
import CVNCServer
package import GVTCore
import Glibc
package import NIOCore

/// A client of libvncserver at the end of a socketpair that we write to, let the library read, and empty again, all in one
/// call. So the library never waits: what it reads is there as a whole, and what it writes fits the socket's buffer.
@safe package final class LibraryClient {
  private let client: rfbClientPtr
  private let ours: OwnedDescriptor
  private var isEnded = false
  /// ServerInit as the library composes it.
  package let serverInit: ByteBuffer

  /// The most pixels per call: as Raw they are 128 KiB, a third of the socket's buffer, and as a photo-like picture in ZRLE
  /// they take about 3 ms.
  package static let sliceSize = PixelSize(width: 512, height: 64)

  /// libvncserver waits for descriptors with select.
  private static let descriptorLimit = 1024
  private static let socketBufferBytes: Int32 = 1 << 20

  init(on screen: LibraryScreen, peer: String) throws(LibraryFailure) {
    let pair: SocketPair
    do { pair = try OwnedDescriptor.socketPair() } catch { throw .system(error) }
    guard pair.far.raw < Self.descriptorLimit else { throw .tooManyDescriptors }
    let (near, far) = pair.release()
    ours = OwnedDescriptor(owning: near)
    Self.prepare(near, far)
    // With the version already there, rfbNewClient does not wait 100 ms for a WebSocket's greeting.
    Self.write(Array("RFB 003.008\n".utf8) + [1, 1], to: near)
    // From here on the far end is the library's, which closes it if it refuses.
    guard let client = unsafe rfbNewClient(screen.screen, far) else {
      throw .refused
    }
    unsafe self.client = client
    unsafe free(client.pointee.host)
    unsafe client.pointee.host = strdup(peer)
    for _ in 0..<3 { unsafe rfbProcessClientMessage(client) }
    // Its version, its list of one security type, and its SecurityResult were ours to answer.
    var answer = Self.drain(ours.raw)
    guard unsafe client.pointee.state == RFB_NORMAL, answer.readableBytes > 18 else {
      unsafe rfbCloseClient(client)
      unsafe rfbClientConnectionGone(client)
      throw .refused
    }
    answer.moveReaderIndex(forwardBy: 12 + 2 + 4)
    serverInit = answer
  }

  func end() {
    precondition(!isEnded, "a library client ends once")
    isEnded = true
    unsafe rfbCloseClient(client)
    unsafe rfbClientConnectionGone(client)
  }

  /// Sets the viewer's pixel format; the answer is what the viewer must get for it, such as a colour map.
  package func setPixelFormat(_ format: ViewerPixelFormat) -> ByteBuffer {
    var message = ByteBuffer()
    message.writeMultipleIntegers(UInt8(0), UInt8(0), UInt16(0))
    message.writeMultipleIntegers(format.bitsPerPixel, format.depth)
    message.writeMultipleIntegers(UInt8(format.isBigEndian ? 1 : 0), UInt8(format.isTrueColour ? 1 : 0))
    message.writeMultipleIntegers(format.redMax, format.greenMax, format.blueMax)
    message.writeMultipleIntegers(format.redShift, format.greenShift, format.blueShift)
    message.writeMultipleIntegers(UInt8(0), UInt16(0))
    return deliver(message)
  }

  /// Sets the encodings that the library may use.
  package func setEncodings(_ encodings: [Int32]) -> ByteBuffer {
    var message = ByteBuffer()
    message.writeMultipleIntegers(UInt8(2), UInt8(0), UInt16(clamping: encodings.count))
    for encoding in encodings.prefix(0xFFFF) { message.writeInteger(encoding) }
    return deliver(message)
  }

  /// The rectangles of a part of the frame of at most ``sliceSize``, without an update's header. Nil if the library has
  /// given this client up.
  package func encode(_ slice: PixelRect) -> (rectangleCount: Int, bytes: ByteBuffer)? {
    precondition(
      slice.width <= Self.sliceSize.width && slice.height <= Self.sliceSize.height,
      "\(slice) is more than a slice")
    guard unsafe client.pointee.sock >= 0 else { return nil }
    let region = unsafe sraRgnCreateRect(
      Int32(slice.x), Int32(slice.y), Int32(slice.maxX), Int32(slice.maxY))
    defer { unsafe sraRgnDestroy(region) }
    unsafe sraRgnOr(client.pointee.requestedRegion, region)
    guard unsafe rfbSendFramebufferUpdate(client, region) != 0 else { return nil }
    unsafe sraRgnMakeEmpty(client.pointee.modifiedRegion)
    var bytes = Self.drain(ours.raw)
    // Type, padding and the number of rectangles.
    guard bytes.readInteger(as: UInt16.self) != nil, let count = bytes.readInteger(as: UInt16.self) else {
      return nil
    }
    return (Int(count), bytes)
  }

  /// The library keeps a translation table per client that depends on the screen's format, which a resize resets.
  func screenWasResized() {
    guard unsafe client.pointee.sock >= 0 else { return }
    _ = unsafe client.pointee.screen.pointee.setTranslateFunction(client)
  }

  private func deliver(_ message: ByteBuffer) -> ByteBuffer {
    guard unsafe client.pointee.sock >= 0 else { return ByteBuffer() }
    Self.write(Array(message.readableBytesView), to: ours.raw)
    unsafe rfbProcessClientMessage(client)
    return Self.drain(ours.raw)
  }

  private static func prepare(_ near: Int32, _ far: Int32) {
    _ = fcntl(near, F_SETFL, O_NONBLOCK)
    var bytes = socketBufferBytes
    let length = socklen_t(MemoryLayout<Int32>.size)
    for descriptor in [near, far] {
      // Beyond the system's limit only with privileges; without them the plain call gives what the limit allows.
      if unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, length) != 0 {
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, length)
      }
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    let written = unsafe Glibc.write(descriptor, bytes, bytes.count)
    precondition(written == bytes.count, "a library client's socket is empty between calls")
  }

  private static func drain(_ descriptor: Int32) -> ByteBuffer {
    var buffer = ByteBuffer()
    while true {
      let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 65536) { space in
        unsafe max(0, read(descriptor, space.baseAddress, space.count))
      }
      if count == 0 { return buffer }
    }
  }
}
