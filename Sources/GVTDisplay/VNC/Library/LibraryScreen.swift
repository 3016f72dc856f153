// The door to libvncserver: one screen that never listens, and encodes for viewers that prefer what we do not encode.
import CVNCServer
package import GVTCore
package import Logging

/// libvncserver's screen over the display's frame. Display thread only.
///
/// It has port 0, no password, no WebSocket, no TLS, no HTTP and no file transfer; its clients are the ends of socketpairs
/// with the handshake already spoken (docs/architecture.md, "Why libvncserver is fed by socketpairs").
@safe package final class LibraryScreen {
  let screen: rfbScreenInfoPtr
  private var frame: Frame
  private var clients: [ObjectIdentifier: LibraryClient] = [:]

  package init(frame: Frame, title: String, logger: Logger) {
    LibraryLog.install(logger)
    var argumentCount: Int32 = 0
    let (width, height) = (Int32(frame.size.width), Int32(frame.size.height))
    guard let screen = unsafe rfbGetScreen(&argumentCount, nil, width, height, 8, 3, 4) else {
      preconditionFailure("rfbGetScreen refuses a screen of \(frame.size)")
    }
    unsafe self.screen = screen
    self.frame = frame
    unsafe screen.pointee.alwaysShared = 1
    unsafe screen.pointee.port = 0
    unsafe screen.pointee.ipv6port = 0
    unsafe screen.pointee.deferUpdateTime = 0
    unsafe screen.pointee.permitFileTransfer = 0
    unsafe screen.pointee.desktopName = UnsafePointer(strdup(title))
    // The pointer is ours (PseudoRectangle); libvncserver would paint its own into the frame.
    unsafe rfbSetCursor(screen, nil)
    unsafe setFormat()
    // Opens nothing at port 0, but prepares what rfbNewClient needs. The macro rfbInitServer does not import.
    unsafe rfbInitServerWithPthreadsAndZRLE(screen)
  }

  deinit {
    unsafe free(UnsafeMutableRawPointer(mutating: screen.pointee.desktopName))
    unsafe screen.pointee.frameBuffer = nil
    unsafe rfbScreenCleanup(screen)
  }

  /// Shows another frame; a new size is a new framebuffer to libvncserver.
  package func show(_ frame: Frame) {
    let isResize = frame.size != self.frame.size
    self.frame = frame
    let pixels = unsafe frame.pixels.assumingMemoryBound(to: CChar.self)
    guard isResize else {
      unsafe screen.pointee.frameBuffer = pixels
      return
    }
    unsafe rfbNewFramebuffer(screen, pixels, Int32(frame.size.width), Int32(frame.size.height), 8, 3, 4)
    unsafe setFormat()
    for client in clients.values { client.screenWasResized() }
  }

  /// A client whose handshake is over, with the ServerInit that its viewer is to get.
  package func makeClient(peer: String) throws(LibraryFailure) -> LibraryClient {
    let client = try LibraryClient(on: self, peer: peer)
    clients[ObjectIdentifier(client)] = client
    return client
  }

  package func remove(_ client: LibraryClient) {
    clients.removeValue(forKey: ObjectIdentifier(client))
    client.end()
  }

  /// rfbGetScreen and rfbNewFramebuffer assume red in the low byte and rows without padding.
  @unsafe private func setFormat() {
    unsafe screen.pointee.frameBuffer = frame.pixels.assumingMemoryBound(to: CChar.self)
    unsafe screen.pointee.paddedWidthInBytes = Int32(frame.strideBytes)
    unsafe screen.pointee.serverFormat.redShift = 16
    unsafe screen.pointee.serverFormat.greenShift = 8
    unsafe screen.pointee.serverFormat.blueShift = 0
    unsafe screen.pointee.serverFormat.depth = 24
    // The library says -1 for true.
    unsafe screen.pointee.serverFormat.trueColour = 1
  }
}

/// Why a viewer could not be given to libvncserver.
package enum LibraryFailure: Error, CustomStringConvertible {
  case system(SystemFailure)
  case tooManyDescriptors
  case refused

  package var description: String {
    switch self {
    case .system(let failure): "no socketpair for the viewer (\(failure))"
    case .tooManyDescriptors: "this display has too many descriptors open for another viewer"
    case .refused: "libvncserver refused the viewer"
    }
  }
}
